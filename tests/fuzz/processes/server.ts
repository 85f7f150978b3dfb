import 'reflect-metadata';
import { setImmediate } from 'node:timers/promises';
import { ConsoleLogger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MESSAGE_METADATA } from '@nestjs/websockets/constants.js';
import { EventsGateway, WebsocketAdapter, WebsocketModule } from 'nest-realtime-kit';
import { gateways } from '../app/gateways.js';
import type { ServerAnswers, ServerFigures } from './figures.js';

/** So much that nobody is slowed down; it is counted all the same. */
const PLENTY = { burst: 1_000_000, perSecond: 1_000_000 };

@Module({
  imports: [
    WebsocketModule.forRoot({
      limits: {
        connectionsPerAddress: 10_000,
        connectRate: PLENTY,
        messageRate: PLENTY,
      },
      // Shorter than by default, so that what is left behind, or makes a gateway fail for good, is soon given up.
      handleConnectionTimeout: 200,
      pingInterval: 2_000,
      pingTimeout: 3_000,
      connectTimeout: 3_000,
      upgradeTimeout: 3_000,
      cleanupEmptyChildNamespaces: true,
      // The process is to die at once of what it dies of.
      shutdown: { onUncaught: 'ignore' },
    }),
  ],
  providers: gateways,
})
class AppModule {}

/** Formats entries as Nest does, and leaves stderr to what ends the process. */
class Log extends ConsoleLogger {
  protected override printMessages(...printed: Parameters<ConsoleLogger['printMessages']>): void {
    printed[3] = 'stdout';
    super.printMessages(...printed);
  }

  protected override printStackTrace(stack: string): void {
    if (stack) process.stdout.write(`${stack}\n`);
  }
}

const app = await NestFactory.create(AppModule, { logger: new Log() });
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });

const handled = new Map(gateways.flatMap(handlersOf).map((name) => [name, 0]));
const adapter = app.get(WebsocketAdapter, { strict: false });
const handle = adapter.handleMessage.bind(adapter);
adapter.handleMessage = (handler, ...message) => {
  handled.set(handler.name, (handled.get(handler.name) ?? 0) + 1);
  return handle(handler, ...message);
};

await app.listen(0, '127.0.0.1');
const { server } = app.get(EventsGateway, { strict: false });

/** As they are named to the adapter. Those of the classes that a gateway extends are its own too. */
function handlersOf(gateway: Type): string[] {
  const prototypes: object[] = [];
  for (let prototype = gateway.prototype as object; prototype !== Object.prototype;) {
    prototypes.push(prototype);
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  return prototypes
    .flatMap((prototype) => Object.getOwnPropertyNames(prototype).map((name) => [name, prototype] as const))
    .filter(([name, prototype]) => {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name)!;
      return typeof value === 'function' && Reflect.hasMetadata(MESSAGE_METADATA, value);
    })
    .map(([name]) => `${gateway.name}.${name}`);
}

let packets = 0;
server.engine.on('connection', (connection: { on(event: 'packet', listener: () => void): void }) =>
  connection.on('packet', () => (packets += 1)),
);

async function figures(): Promise<ServerFigures> {
  // What finalizers and settled promises still hold goes with the next round.
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc!();
    await setImmediate();
  }
  const namespaces = [...server._nsps.values()];
  return {
    heapUsed: process.memoryUsage().heapUsed,
    members: namespaces.reduce((sum, { sockets }) => sum + sockets.size, 0),
    namespaces: namespaces.length,
    rooms: namespaces.reduce((sum, namespace) => sum + namespace.adapter.rooms.size, 0),
    handled: Object.fromEntries(handled),
    packets,
  };
}

process.on('message', (question: keyof ServerAnswers) => {
  if (question === 'connections') process.send!(server.engine.clientsCount);
  else void figures().then((told) => process.send!(told));
});
process.once('disconnect', () => process.exit());
process.send!(await app.getUrl());
