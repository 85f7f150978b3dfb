import 'reflect-metadata';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventsGateway, WebsocketAdapter, WebsocketModule } from 'nest-realtime-kit';
import { gateways } from '../app/gateways.js';
import type { ServerFigures } from './figures.js';

/** Engine.IO's and the kit's own times are shorter than by default, so that what is left behind is soon given up. */
@Module({
  imports: [
    WebsocketModule.forRoot({
      pingInterval: 2_000,
      pingTimeout: 3_000,
      connectTimeout: 3_000,
      upgradeTimeout: 3_000,
    }),
  ],
  providers: gateways,
})
class AppModule {}

/** Formats entries as Nest does, and leaves stderr to what ends the process. */
class Log extends ConsoleLogger {
  errors = 0;

  override error(...entry: Parameters<ConsoleLogger['error']>): void {
    this.errors += 1;
    super.error(...entry);
  }

  protected override printMessages(...printed: Parameters<ConsoleLogger['printMessages']>): void {
    printed[3] = 'stdout';
    super.printMessages(...printed);
  }

  protected override printStackTrace(stack: string): void {
    if (stack) process.stdout.write(`${stack}\n`);
  }
}

const log = new Log({ prefix: 'Fuzzed', colors: false });
const app = await NestFactory.create(AppModule, { logger: log });
app.enableShutdownHooks();

const handled: Record<string, number> = {};
const adapter = app.get(WebsocketAdapter, { strict: false });
const handle = adapter.handleMessage.bind(adapter);
adapter.handleMessage = (handler, ...message) => {
  handled[handler.name] = (handled[handler.name] ?? 0) + 1;
  return handle(handler, ...message);
};

await app.listen(0, '127.0.0.1');
const { server } = app.get(EventsGateway, { strict: false });

let packets = 0;
server.engine.on('connection', (connection: { on(event: 'packet', listener: () => void): void }) =>
  connection.on('packet', () => (packets += 1)),
);
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

async function figures(): Promise<ServerFigures> {
  const longestBlock = delays.max / 1e6;
  // What finalizers and settled promises still hold goes with the next round.
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc!();
    await setImmediate();
  }
  delays.reset();
  const namespaces = [...server._nsps.values()];
  return {
    heapUsed: process.memoryUsage().heapUsed,
    connections: server.engine.clientsCount,
    members: namespaces.reduce((sum, { sockets }) => sum + sockets.size, 0),
    namespaces: namespaces.length,
    rooms: namespaces.reduce((sum, { adapter: { rooms } }) => sum + rooms.size, 0),
    packets,
    handled,
    errors: log.errors,
    longestBlock,
  };
}

process.on('message', () => void figures().then((told) => process.send!(told)));
process.send!(await app.getUrl());
