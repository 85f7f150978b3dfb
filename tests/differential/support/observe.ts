import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebsocketModule } from 'nest-realtime-kit';
import type { Server } from 'socket.io';
import { CapturedLog } from './captured-log.js';
import { Client, FENCES, type ConnectOptions } from './client.js';
import { copyOf, Names, type Fact, type Observation } from './observation.js';
import type { App, Scenario, Stage, Transport } from './scenario.js';
import { takeUncaught } from './uncaught.js';

export type Side = 'plain' | 'kit';

/** Boots a scenario's app on plain Nest or on the kit, plays the scenario, and tells what came of it. */
export async function observe(scenario: Scenario, side: Side, transport: Transport): Promise<Observation> {
  const names = new Names();
  const handlers: Fact[] = [];
  const seen: Fact[] = [];
  const clients: Client[] = [];
  const servers: Server[] = [];
  const connections: Promise<unknown>[] = [];
  const log = new CapturedLog(scenario.wholeLog ?? false);
  const note = (...fact: unknown[]): void => void handlers.push(copyOf(fact) as Fact);

  let onUncaught!: () => void;
  const uncaught = new Promise<void>((resolve) => (onUncaught = resolve));
  const giveBack = takeUncaught((error) => {
    log.entries.push(['uncaught', error]);
    onUncaught();
  });
  const { warn } = console;
  console.warn = (...said: unknown[]) => void log.entries.push(['console', ...said]);

  const onServer = (server: Server): void => {
    servers.push(server);
    server.of(FENCES).on('connection', (socket) => {
      socket.on('fence', async (ack: () => void) => {
        await turnOfTheLoop();
        ack();
      });
    });
    server.engine.on('connection', (connection) => void connections.push(once(connection, 'close')));
  };

  let app: INestApplication | undefined;
  try {
    const booting = boot((await scenario.app?.(note)) ?? {}, side, log, onServer);
    app = await booting.catch((error: unknown) => void log.entries.push(['boot', 'failed', error]));
    if (app) {
      const port = new URL(await app.getUrl()).port;
      const url = `http://127.0.0.1:${port}`;
      names.add(port, 'port');
      const stage: Stage = {
        app,
        io: servers[0]!,
        url,
        transport,
        note,
        uncaught,
        async connect(name: string, { port: own, ...options }: ConnectOptions = {}) {
          const client = new Client(name, own ? `http://127.0.0.1:${own}` : url, {
            transports: [transport],
            ...options,
          });
          clients.push(client);
          client.socket.on('connect', () => names.add(client.socket.id, name));
          return client.connect();
        },
        see: (...fact) => void seen.push(fact),
        async rest() {
          await turnOfTheLoop();
          await Promise.all(clients.map((client) => client.fence()));
        },
      };
      await scenario.run(stage);
      await stage.rest();
    }
    const client = [...seen, ...clients.flatMap((each) => each.conclude())];
    for (const each of clients) each.disconnect();
    await Promise.all(connections);
    await turnOfTheLoop();
    return names.stable({ client, handlers, log: log.entries });
  } finally {
    for (const each of clients) each.disconnect();
    await app?.close();
    console.warn = warn;
    giveBack();
  }
}

/** Past the timers of no time, the promises and the callbacks that there are. */
async function turnOfTheLoop(): Promise<void> {
  await setImmediate();
  await setTimeout(1);
  await setImmediate();
}

async function boot(
  { options, kit, configure, imports = [], ...metadata }: App,
  side: Side,
  logger: CapturedLog,
  onServer: (server: Server) => void,
): Promise<INestApplication> {
  const ofKit = side === 'kit' ? [WebsocketModule.forRoot({ ...options, ...kit })] : [];
  @Module({ imports: [...ofKit, ...imports], ...metadata })
  class AppModule {}

  const createIOServer = Reflect.get(IoAdapter.prototype, 'createIOServer');
  IoAdapter.prototype.createIOServer = function create(port, given?: object) {
    const all = side === 'kit' ? given : { ...given, ...options };
    const server = createIOServer.call(this, port, all as never);
    onServer(server);
    return server as never;
  };
  const app = await NestFactory.create(AppModule, { logger, abortOnError: false });
  try {
    configure?.(app);
    await app.listen(0, '127.0.0.1');
    return app;
  } catch (error) {
    await app.close();
    throw error;
  } finally {
    IoAdapter.prototype.createIOServer = createIOServer;
  }
}
