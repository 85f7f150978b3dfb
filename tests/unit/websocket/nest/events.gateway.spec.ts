import { setImmediate } from 'node:timers/promises';
import { Logger, Module, type INestApplication, type LoggerService, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/constants.js';
import { EventsGateway, WebsocketModule, type Server, type Socket, type WebsocketOptions } from 'nest-realtime-kit';
import { io, type ManagerOptions, type Socket as Client, type SocketOptions } from 'socket.io-client';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';

/** What a gateway has logged: the level, then the arguments of the call, the context last. */
type Entry = [level: string, ...args: unknown[]];

/** A logger that records the entries of gateways, as Nest gives them to a `LoggerService`. */
class Recorder implements LoggerService {
  readonly entries: Entry[] = [];
  readonly log = this.at('log');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly debug = this.at('debug');
  readonly verbose = this.at('verbose');
  readonly fatal = this.at('fatal');

  private at(level: string): LoggerService['log'] {
    return (...args: unknown[]) => {
      if (String(args.at(-1)).endsWith('Gateway')) this.entries.push([level, ...args]);
    };
  }
}

interface App {
  readonly nest: INestApplication;
  readonly entries: readonly Entry[];
  connect(options?: Partial<ManagerOptions & SocketOptions> & { namespace?: string }): Promise<Client>;
}

async function start(metadata: ModuleMetadata, recorder = new Recorder()): Promise<App> {
  @Module(metadata)
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(recorder)
    .compile();
  const nest = testing.createNestApplication();
  onTestFinished(() => nest.close());
  await nest.listen(0, '127.0.0.1');
  const url = (await nest.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    nest,
    entries: recorder.entries,
    async connect({ namespace = '', ...options } = {}) {
      const client = io(`${url}/${namespace}`, { forceNew: true, reconnection: false, ...options });
      onTestFinished(() => void client.disconnect());
      await new Promise<void>((resolve, reject) => {
        client.once('connect', resolve);
        client.once('connect_error', reject);
      });
      return client;
    },
  };
}

function withModule(options: WebsocketOptions = {}): ModuleMetadata {
  return { imports: [WebsocketModule.forRoot({ logDetails: true, ...options })] };
}

const websocket = { transports: ['websocket'] };
const INITIALIZED: Entry = ['log', 'WebSocket Gateway initialized', 'EventsGateway'];

function connected(id: string | undefined, details?: object, context = 'EventsGateway'): Entry {
  return ['log', `Client connected: ${id}`, ...(details ? [details] : []), context];
}

function disconnected(id: string | undefined, details?: object, context = 'EventsGateway'): Entry {
  return ['log', `Client disconnected: ${id}`, ...(details ? [details] : []), context];
}

const details = { namespace: '/', transport: 'websocket', address: '127.0.0.1' };

afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(false);
});

describe('@WebSocketGateway() of EventsGateway', () => {
  test('declares a gateway on the port of the app, without options', () => {
    expect(Reflect.getMetadata(GATEWAY_METADATA, EventsGateway)).toBe(true);
    expect(Reflect.getMetadata(PORT_METADATA, EventsGateway)).toBe(0);
    expect(Reflect.getMetadata(GATEWAY_OPTIONS, EventsGateway)).toEqual({});
  });

  test('serves namespace / of the Socket.IO server that it is given', async () => {
    const { nest, connect } = await start(withModule());
    const { id } = await connect(websocket);
    const { server } = nest.get(EventsGateway);
    expect([...server.of('/').sockets.keys()]).toEqual([id]);
    await expect(connect({ ...websocket, namespace: 'other' })).rejects.toThrow('Invalid namespace');
  });
});

describe('EventsGateway logs at level "log", with its class name as context', () => {
  test('that it is initialized, once', async () => {
    const { entries } = await start(withModule());
    expect(entries).toEqual([INITIALIZED]);
  });

  test('a client that connects, with its namespace, transport and address', async () => {
    const { entries, connect } = await start(withModule());
    const { id } = await connect(websocket);
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id, details)]);
  });

  test('a client that connects by polling, with that transport', async () => {
    const { entries, connect } = await start(withModule());
    const { id } = await connect({ transports: ['polling'] });
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id, { ...details, transport: 'polling' })]);
  });

  test('the address that a trusted proxy forwards', async () => {
    const { entries, connect } = await start(withModule({ trustProxy: 1 }));
    const { id } = await connect({ ...websocket, extraHeaders: { 'x-forwarded-for': '203.0.113.7' } });
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id, { ...details, address: '203.0.113.7' })]);
  });

  test.each<[reason: string, leave: (client: Client, server: Server) => unknown]>([
    ['client namespace disconnect', (client) => client.disconnect()],
    ['transport close', (client) => client.io.engine.close()],
    ['server namespace disconnect', (_, server) => server.disconnectSockets()],
  ])('a client that disconnects, with the reason "%s"', async (reason, leave) => {
    const { nest, entries, connect } = await start(withModule());
    const client = await connect(websocket);
    const { id } = client;
    leave(client, nest.get(EventsGateway).server);
    await expect
      .poll(() => entries)
      .toEqual([
        INITIALIZED,
        connected(id, details),
        disconnected(id, { ...details, reason, durationMs: expect.any(Number) }),
      ]);
  });

  test('the time for which a client was connected, in milliseconds', async () => {
    const { entries, connect } = await start(withModule());
    vi.useFakeTimers({ now: 1_000, toFake: ['Date'] });
    const client = await connect(websocket);
    const { id } = client;
    vi.setSystemTime(3_500);
    client.disconnect();
    await expect
      .poll(() => entries.at(-1))
      .toEqual(disconnected(id, { ...details, reason: 'client namespace disconnect', durationMs: 2_500 }));
  });

  test('each of two clients by its own id', async () => {
    const { entries, connect } = await start(withModule({ logDetails: false }));
    const alice = await connect(websocket);
    const bob = await connect(websocket);
    const ids = [alice.id, bob.id];
    bob.disconnect();
    await expect.poll(() => entries).toHaveLength(4);
    alice.disconnect();
    await expect
      .poll(() => entries)
      .toEqual([INITIALIZED, connected(ids[0]), connected(ids[1]), disconnected(ids[1]), disconnected(ids[0])]);
  });
});

describe('a gateway that extends EventsGateway', () => {
  @WebSocketGateway({ namespace: 'chat' })
  class ChatGateway extends EventsGateway {
    readonly order: string[] = [];

    override afterInit(server: Server): void {
      this.order.push(`server is ${this.server === server ? 'set' : 'missing'}`);
      super.afterInit(server);
    }

    override async handleConnection(client: Socket): Promise<void> {
      super.handleConnection(client);
      await setImmediate();
      this.order.push('welcome');
      client.emit('welcome');
    }
  }

  test('logs under its own name, and only for its own namespace', async () => {
    const { entries, connect } = await start({ ...withModule(), providers: [ChatGateway] });
    const { id } = await connect({ ...websocket, namespace: 'chat' });
    await expect
      .poll(() => entries)
      .toEqual([
        INITIALIZED,
        ['log', 'WebSocket Gateway initialized', 'ChatGateway'],
        connected(id, { ...details, namespace: '/chat' }, 'ChatGateway'),
      ]);
  });

  test('may override the hooks and call the inherited ones first', async () => {
    const { nest, entries, connect } = await start({ ...withModule(), providers: [ChatGateway] });
    const { id } = await connect({ ...websocket, namespace: 'chat' });
    await expect.poll(() => nest.get(ChatGateway).order).toEqual(['server is set', 'welcome']);
    expect(entries.at(-1)).toEqual(connected(id, { ...details, namespace: '/chat' }, 'ChatGateway'));
  });
});

test('eventsGateway: false silences EventsGateway, but no gateway that extends it', async () => {
  @WebSocketGateway()
  class LobbyGateway extends EventsGateway {}

  const module = withModule({ eventsGateway: false, logDetails: false });
  const { entries, connect } = await start({ ...module, providers: [LobbyGateway] });
  const { id } = await connect(websocket);
  await expect
    .poll(() => entries)
    .toEqual([['log', 'WebSocket Gateway initialized', 'LobbyGateway'], connected(id, undefined, 'LobbyGateway')]);
});

describe('the details of EventsGateway', () => {
  test('are left out by logDetails: false', async () => {
    const { entries, connect } = await start(withModule({ logDetails: false }));
    const client = await connect(websocket);
    const { id } = client;
    client.disconnect();
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id), disconnected(id)]);
  });

  test('are left out where the gateway is used without WebsocketModule', async () => {
    const { entries, connect } = await start({ providers: [EventsGateway] });
    const client = await connect(websocket);
    const { id } = client;
    client.disconnect();
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id), disconnected(id)]);
  });

  /** As nest-winston and nestjs-pino have it: a service around another logger, which takes fields. */
  class FieldsLogger extends Recorder {
    protected readonly logger = { info: (): void => {} };
  }

  test('are fields beside the message for a logger that takes fields', async () => {
    const { entries, connect } = await start(withModule({ logDetails: undefined }), new FieldsLogger());
    const client = await connect(websocket);
    const { id } = client;
    client.disconnect();
    await expect
      .poll(() => entries)
      .toEqual([
        INITIALIZED,
        ['log', { message: `Client connected: ${id}`, ...details }, 'EventsGateway'],
        [
          'log',
          {
            message: `Client disconnected: ${id}`,
            ...details,
            reason: 'client namespace disconnect',
            durationMs: expect.any(Number),
          },
          'EventsGateway',
        ],
      ]);
  });

  test('are left out by logDetails: false for a logger that takes fields, too', async () => {
    const { entries, connect } = await start(withModule({ logDetails: false }), new FieldsLogger());
    const { id } = await connect(websocket);
    await expect.poll(() => entries).toEqual([INITIALIZED, connected(id)]);
  });
});
