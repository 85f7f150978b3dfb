// Plain JavaScript: the chat under NestJS Observe, which sends its traces to the collector of its parent.
import { createObserveModule } from '@nestjs/observe';
import { serveChats } from './chat.js';

const { ObserveModule, ObserveInstrument } = createObserveModule();
const observed = (serviceId) => [
  ObserveModule.forRoot({
    appKey: 'key',
    appSecret: 'secret',
    serviceId,
    endpoint: process.env.COLLECTOR_URL,
    flushInterval: 1_000,
  }),
];
await serveChats(observed, { instrument: ObserveInstrument });
