import { setImmediate } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startTestApp, type ConnectionRefusedError, type ConnectOptions, type World } from 'nest-realtime-kit/testing';
import { io, type Socket } from 'socket.io-client';
import { Names, type Fact } from '../support/observation.js';
import { everyEventApp, type Note } from './every-event-gateway.js';

export type Side = 'plain' | 'harness';

/** A client of either side: what a test emits by, and the socket under it. */
export interface Client extends Pick<Socket, 'emit' | 'emitWithAck'> {
  readonly socket: Socket;
}

/** What a scenario acts on. */
export interface Stage {
  /**
   * Connects a client that records whatever it is told.
   *
   * @returns none where it was refused
   */
  connect(name: string, options?: ConnectOptions): Promise<Client | undefined>;
  /** Connects one that is let in. */
  join(name: string, options?: ConnectOptions): Promise<Client>;
  /** Records what the test has seen. */
  see: Note;
}

export type Scenario = (stage: Stage) => Promise<void>;

/** What the test, and the app, have seen of each client, in its order. */
export type Observation = Record<'test' | 'app', Record<string, Fact[]>>;

/** What the app of these scenarios may send. */
const EVENTS = ['welcome', 'said', 'number', 'ticked', 'exception', 'odd name', ''];

/** How a side opens clients, and how it ends. */
interface Opened {
  readonly port: string;
  connect(name: string, options: ConnectOptions): Promise<Client>;
  close(): Promise<void>;
}

/** Plays a scenario on one side, and tells what was seen. */
export async function observeSide(side: Side, scenario: Scenario, { options }: World): Promise<Observation> {
  const seen: Observation = { test: {}, app: {} };
  const notes =
    (of: Record<string, Fact[]>): Note =>
    (client, ...fact) =>
      void (of[client] ??= []).push(withoutOffset(fact));
  const see = notes(seen.test);
  const { module, io: server } = everyEventApp(options.server ?? {}, notes(seen.app));
  const opened = side === 'plain' ? await openPlain(module) : await openHarness(module);
  const names = new Names();
  names.add(opened.port, 'port');
  const clients: Client[] = [];

  const connect: Stage['connect'] = async (name, { on, ...given } = {}) => {
    const recording = Object.fromEntries(
      EVENTS.map((event) => [event, (...args: unknown[]) => see(name, 'hears', event, ...args)]),
    );
    let wasConnected = false;
    const client = await opened
      .connect(name, {
        reconnection: false,
        ...options.client,
        ...given,
        query: { name },
        on: {
          ...recording,
          connect(this: Socket) {
            wasConnected = true;
            names.add(this.id, name);
            see(name, 'is connected', this.recovered);
          },
          disconnect(this: Socket, reason: unknown) {
            see(name, 'is disconnected', reason, this.active);
          },
          ...on,
        },
      })
      .catch((error: unknown) => {
        if (!wasConnected) see(name, 'is refused', ...refusalOf(error as Error));
        return undefined;
      });
    if (client) {
      clients.push(client);
      await upgraded(client.socket);
    }
    return client;
  };

  try {
    await scenario({
      connect,
      see,
      async join(name, given) {
        const client = await connect(name, given);
        if (!client) throw new Error(`${name} was to be let in.`);
        return client;
      },
    });
    // Behind this, each has all that it was sent, and the app has handled all that they sent.
    for (const { socket } of clients) if (socket.connected) await socket.emitWithAck('echo', 'the end').catch(() => {});
    for (const { socket } of clients) socket.disconnect();
    while (server().engine.clientsCount > 0) await setImmediate();
    return names.stable(seen);
  } finally {
    await opened.close();
  }
}

/** Another with each run is the offset that Socket.IO appends where sessions are recovered. */
function withoutOffset(args: readonly unknown[]): unknown[] {
  return args.map((arg) => (typeof arg === 'string' && /^[A-Z\d][\w-]{6}(\.[\w-]+)?$/.test(arg) ? '<offset>' : arg));
}

/** Resolves when a client that begins by polling has gone over, which takes the one side longer than the other. */
async function upgraded({ connected, io: { engine, opts } }: Socket): Promise<void> {
  const isToUpgrade = connected && opts.transports!.length > 1 && engine.transport.name === 'polling';
  if (!isToUpgrade) return;
  await new Promise<void>((resolve) => {
    for (const event of ['upgrade', 'close'] as const) engine.once(event, () => resolve());
  });
}

/** What Socket.IO told the client; the harness keeps it as the cause of its own error. */
function refusalOf(error: Error): unknown[] {
  const told = (error.name === 'ConnectionRefusedError' ? (error as ConnectionRefusedError).cause : error) as Error & {
    data?: unknown;
  };
  return [told.message, told.data];
}

async function openHarness(module: Type): Promise<Opened> {
  const app = await startTestApp(module);
  return {
    port: String(app.port),
    connect: (name, options) => app.connect({ name, ...options }),
    close: () => app.close(),
  };
}

async function openPlain(module: Type): Promise<Opened> {
  const nest = await NestFactory.create(module, { logger: false });
  await nest.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${new URL(await nest.getUrl()).port}`;
  return {
    port: new URL(url).port,
    async connect(_, { on = {}, namespace = '/', ...options }) {
      const socket = io(new URL(namespace, url).href, { forceNew: true, autoConnect: false, ...options });
      for (const [event, listener] of Object.entries(on)) socket.on(event, listener);
      const connected = new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      socket.connect();
      await connected;
      return { socket, emit: socket.emit.bind(socket), emitWithAck: socket.emitWithAck.bind(socket) };
    },
    close: () => nest.close(),
  };
}
