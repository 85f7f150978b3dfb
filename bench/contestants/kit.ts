import { WebsocketModule } from 'nest-realtime-kit';
import { bootNest } from './nest.js';

/** As bare Socket.IO has it: no limits, no answers to CORS, and nobody who logs clients. */
const BARE = { limits: false, cors: { origin: false }, eventsGateway: false } as const;

/** The same app as plain Nest, with `WebsocketModule` imported. */
export function bootKit(handlers: number): Promise<number> {
  return bootNest(handlers, [WebsocketModule.forRoot(BARE)]);
}

/** The same as a node of several, joined by Redis. */
export function bootKitOnRedis(handlers: number): Promise<number> {
  return bootNest(handlers, [WebsocketModule.forRoot({ ...BARE, redis: { url: process.env.REDIS_URL } })]);
}

/** The same as one would deploy it: the limits as they are by default, and authentication at connect. */
export function bootKitWithDefaults(handlers: number): Promise<number> {
  const authentication = () => Promise.resolve({ user: 'a guest' });
  return bootNest(handlers, [WebsocketModule.forRoot({ authentication })]);
}
