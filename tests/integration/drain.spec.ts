import { setTimeout as delay } from 'node:timers/promises';
import {
  Global,
  Injectable,
  Module,
  UseInterceptors,
  type BeforeApplicationShutdown,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import {
  WebsocketModule,
  WebsocketReadiness,
  type BeforeDrain,
  type Server,
  type ShutdownOptions,
  type Socket,
} from 'nest-realtime-kit';
import { startTestApp, startTestCluster, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { interval, type Observable } from 'rxjs';
import { io } from 'socket.io-client';
import { describe, test } from 'vitest';
import { openMuteClient, openTcp, request, requestWebSocket, textFrame } from './support/raw-socket.js';
import { test as redisTest } from './support/redis.js';
import { Crowd, startWorkServer } from './support/shutdown/crowd.js';

describe('SIGTERM with 200 clients that each wait for an ack', () => {
  test.each([
    ['websocket', ['websocket']],
    ['polling', ['polling']],
    ['upgraded', ['polling', 'websocket']],
  ])(
    'delivers 200 acks, notifies all clients so that they reconnect, and the process exits by itself (%s)',
    { timeout: 30_000 },
    async (_, transports) => {
      await using server = await startWorkServer();
      using crowd = await Crowd.connect(server.url, 200, transports);
      const work = crowd.ask('work', 300);
      await expect.poll(() => server.output.stdout.split('working').length - 1, { timeout: 10_000 }).toBe(200);
      server.child.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      await expect.poll(() => work.answered).toBe(200);
      await crowd.expectToldAndDisconnected();
      expect(server.output.stdout).toContain('destroyed after 200 have left');
      expect(server.output.stdout).not.toContain('WARN');
      expect(server.output.stderr).toBe('');
    },
  );

  test(
    'closes an idle TCP connection, and cuts off and logs an HTTP stream and a mute WebSocket in time',
    { timeout: 30_000 },
    async () => {
      const timeout = 3_000;
      await using server = await startWorkServer({ timeout });
      const port = Number(new URL(server.url).port);
      using crowd = await Crowd.connect(server.url, 200, ['websocket']);
      using idle = await openTcp(port);
      using mute = await openMuteClient(port);
      using stream = await request(port, '/stream?token=secret');
      await stream.until('begun');
      const work = crowd.ask('work', 300);
      await expect.poll(() => server.output.stdout.split('working').length - 1).toBe(200);

      const killed = performance.now();
      server.child.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      expect(performance.now() - killed).toBeLessThan(timeout + 1_000);
      await expect.poll(() => work.answered).toBe(200);
      await crowd.expectToldAndDisconnected();
      await Promise.all([idle.closed, mute.closed, stream.closed]);
      const cutOff = server.output.stdout.split('\n').filter((line) => line.includes('Cut off'));
      expect(cutOff).toEqual([
        expect.stringMatching(/Cut off client [\w-]{20} \(websocket\): it does not answer\./),
        expect.stringContaining('Cut off GET /stream of 127.0.0.1: it has not ended.'),
      ]);
    },
  );
});

/** What happened in the app, in order. */
const events: string[] = [];

/** Ends the work that goes on until it is released. */
let release: () => void;

class Passing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@WebSocketGateway()
class WorkGateway {
  async handleDisconnect(client: Socket): Promise<void> {
    if (client.handshake.auth.name === 'sticky') await delay(1_500);
    await delay(20);
    events.push('left');
  }

  @SubscribeMessage('work')
  async work(client: Socket, ms: number): Promise<string> {
    events.push('working');
    await delay(ms);
    client.broadcast.emit('worked', ms);
    events.push('worked');
    return 'done';
  }

  @SubscribeMessage('work until released')
  async workUntilReleased(client: Socket): Promise<string> {
    const released = new Promise<void>((resolve) => (release = resolve));
    events.push('working');
    await released;
    return this.work(client, 1);
  }

  @UseInterceptors(new Passing())
  @SubscribeMessage('work behind an interceptor')
  async intercepted(client: Socket, ms: number): Promise<string> {
    return this.work(client, ms);
  }

  @SubscribeMessage('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }

  @SubscribeMessage('ticks')
  ticks(): Observable<number> {
    return interval(10);
  }
}

@WebSocketGateway({ namespace: 'other' })
class OtherGateway {}

@Injectable()
class Store implements OnModuleDestroy {
  onModuleDestroy(): void {
    events.push('store destroyed');
  }
}

function workModule(shutdown: ShutdownOptions = {}): AppModule {
  @Module({
    imports: [WebsocketModule.forRoot({ shutdown })],
    providers: [WorkGateway, OtherGateway, Store],
  })
  class WorkModule {}
  return WorkModule;
}

async function start(shutdown?: ShutdownOptions): Promise<TestApp> {
  events.length = 0;
  return startTestApp(workModule(shutdown), { client: { timeout: 10_000 } });
}

async function timeOf(ending: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ending;
  return performance.now() - began;
}

describe('clients leave before any provider is destroyed', () => {
  class Destroyed implements OnModuleDestroy {
    onModuleDestroy(): void {
      events.push(`${this.constructor.name} destroyed`);
    }
  }
  class InRoot extends Destroyed {}
  class InFeature extends Destroyed {}
  class InGlobal extends Destroyed {}

  @Global()
  @Module({ providers: [InGlobal] })
  class GlobalModule {}

  test.each([
    ['with WebsocketModule in a feature module', { isGlobal: false }],
    ['with WebsocketModule as a global module', { isGlobal: true }],
  ])('%s', async (_, extras) => {
    @Module({ imports: [GlobalModule, WebsocketModule.forRoot(extras)], providers: [WorkGateway, InFeature] })
    class FeatureModule {}
    @Module({ imports: [FeatureModule], providers: [InRoot] })
    class RootModule {
      onModuleDestroy(): void {
        events.push('RootModule destroyed');
      }
    }
    events.length = 0;
    await using app = await startTestApp(RootModule);
    await app.connect(2);
    await app.nest.close();
    expect(events).toEqual([
      'left',
      'left',
      'InRoot destroyed',
      'RootModule destroyed',
      'InFeature destroyed',
      'InGlobal destroyed',
    ]);
  });
});

test.each(['websocket', 'polling'] as const)(
  'a message sent before the drain is handled and answered, even if it is not read yet (%s)',
  async (transport) => {
    await using app = await start();
    const alice = await app.connect({ transports: [transport] });
    const work = alice.emitWithAck('work', 50);
    // The drain begins before the event loop has read anything.
    await app.nest.close();
    expect(await work).toBe('done');
  },
);

test('a message sent before the answer to a ping of the drain is answered, even with another ping in flight', async () => {
  const app = await startTestApp(workModule(), { server: { pingInterval: 100 } });
  try {
    using alice = await openMuteClient(app.port);
    // After the protocol's own ping that opens nothing: a text frame with a 2.
    await alice.until('\x81\x012');
    const closing = app.nest.close();
    await alice.until('server:shutdown');
    alice.socket.write(textFrame('3'));
    await delay(50);
    alice.socket.write(Buffer.concat([textFrame('421["work",1]'), textFrame('3')]));
    await alice.until('431["done"]');
    await closing;
  } finally {
    await app.close();
  }
});

test('a draining server is not ready, refuses connections with 503 and still serves its clients', async () => {
  await using app = await start();
  const readiness = app.get(WebsocketReadiness);
  expect(readiness.ready).toBe(true);
  const [alice, bob] = await app.connect(2);
  const work = alice.emitWithAck('work until released');
  await expect.poll(() => events).toContain('working');
  const closing = app.nest.close();
  await expect(bob).toReceive('server:shutdown', {
    code: 'SHUTTING_DOWN',
    message: 'The server is shutting down; connect to another',
  });
  expect(readiness.ready).toBe(false);

  const polling = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
  expect(polling.status).toBe(503);
  expect(polling.headers.get('retry-after')).toBe('10');
  expect(await polling.json()).toEqual({
    code: 'SHUTTING_DOWN',
    message: 'The server is shutting down; connect to another',
  });
  expect((await fetch(`${app.url}/socket.io/?EIO=4&transport=polling&sid=`)).status).toBe(503);
  using upgrade = await requestWebSocket(app.port, '/socket.io/?EIO=4&transport=websocket');
  await upgrade.closed;
  expect(upgrade.text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  expect(upgrade.text).toMatch(/Retry-After: 10\r\n/);
  expect(upgrade.text).toMatch(/\r\n\r\n\{"code":"SHUTTING_DOWN","message":".+"\}$/);
  for (const transport of ['polling', 'websocket'] as const) {
    await expect(app.connect({ transports: [transport] })).rejects.toThrow(
      `refused by the handshake: 'The server is shutting down; connect to another'`,
    );
  }

  expect(await bob.emitWithAck('work', 1)).toBe('done');
  release();
  expect(await work).toBe('done');
  await closing;
  expect(bob.received('worked')).toEqual([[1]]);
  expect(alice.received('worked')).toEqual([[1]]);
});

test('a draining server refuses a connected client another namespace, with the reason', async () => {
  await using app = await start();
  const alice = await app.connect();
  const work = alice.emitWithAck('work until released');
  await expect.poll(() => events).toContain('working');
  const closing = app.nest.close();
  await alice.next('server:shutdown');
  const other = alice.socket.io.socket('/other');
  const refusal = new Promise<unknown>((resolve) => {
    other.on('connect_error', resolve);
  });
  other.connect();
  expect(await refusal).toMatchObject({
    message: 'The server is shutting down; connect to another',
    data: { status: 'error', code: 'SHUTTING_DOWN' },
  });
  release();
  await Promise.all([work, closing]);
});

test('the option `event` renames or omits the shutdown event', async () => {
  for (const [event, expected] of [
    ['bye', ['bye']],
    [false, []],
  ] as const) {
    await using app = await start({ event });
    const alice = await app.connect();
    const heard: string[] = [];
    alice.socket.onAny((name: string) => heard.push(name));
    await app.nest.close();
    await expect.poll(() => alice.connected).toBe(false);
    expect(heard).toEqual(expected);
  }
});

redisTest('a drain neither notifies nor disconnects the clients of other nodes', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(workModule(), { redis: { url: redisUrl } });
  const [here, there] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await cluster.nodes[0]!.nest.close();
  await expect.poll(() => here.connected).toBe(false);
  expect(here.received('server:shutdown')).toHaveLength(1);
  expect(await there.emitWithAck('work', 1)).toBe('done');
  expect(there.received('server:shutdown')).toEqual([]);
});

test('a drain disconnects clients in batches', async () => {
  await using app = await start({ batchSize: 4, batchInterval: 300 });
  const clients = await app.connect(10);
  const gone: number[] = [];
  for (const { socket } of clients) socket.on('disconnect', () => gone.push(performance.now()));
  await app.nest.close();
  await expect.poll(() => gone).toHaveLength(10);
  const pauses = gone.slice(1).map((moment, index) => moment - gone[index]! > 150);
  expect(pauses).toEqual([false, false, false, true, false, false, false, true, false]);
});

test('a drain shortens the interval between batches to meet its deadline', async () => {
  await using app = await start({ batchSize: 1, batchInterval: 60_000, timeout: 1_000 });
  const clients = await app.connect(8);
  expect(await timeOf(app.nest.close())).toBeLessThan(1_000);
  await expect.poll(() => clients.some(({ connected }) => connected)).toBe(false);
  expect(app.logs.entries.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('a drain does not handle messages of a client whose turn has come, and answers its earlier messages', async () => {
  await using app = await start({ timeout: 2_000 });
  const alice = await app.connect();
  const work = alice.emitWithAck('work', 1_200);
  await expect.poll(() => events).toContain('working');
  const closing = app.nest.close();
  // After two fifths of the time nobody is waited for any more but by itself, and Alice's turn has come.
  await delay(1_000);
  alice.emit('work', 1);
  expect(await work).toBe('done');
  await closing;
  expect(events).toEqual(['working', 'worked', 'left', 'store destroyed']);
});

describe('a drain at its deadline', () => {
  test('abandons and logs a handler that never ends, which delays no other client', async () => {
    await using app = await start({ timeout: 1_000 });
    const [alice, bob] = await app.connect(2);
    alice.emit('hang', 'secret');
    await app.connect();
    const bobLeaves = new Promise((resolve) => bob.socket.once('disconnect', resolve));
    const closing = app.nest.close();
    const { id } = alice;
    expect(await timeOf(bobLeaves)).toBeLessThan(700);
    expect(alice.connected).toBe(true);
    await closing;
    await expect(app).toHaveLogged(`Cut off the handler of "hang" of client ${id}: it has not ended.`);
    expect(JSON.stringify(app.logs.entries)).not.toContain('secret');
    expect(events.at(-1)).toBe('store destroyed');
  });

  test('cuts off a mute client early enough for its handleDisconnect', async () => {
    await using app = await start({ timeout: 1_000 });
    using _mute = await openMuteClient(app.port);
    expect(await timeOf(app.nest.close())).toBeLessThan(1_000);
    const cutOff = app.logs.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(cutOff).toEqual([expect.stringMatching(/^Cut off client [\w-]{20} \(websocket\): it does not answer\.$/)]);
    expect(events).toEqual(['left', 'store destroyed']);
  });

  test('abandons and logs a handleDisconnect that takes too long', async () => {
    await using app = await start({ timeout: 500 });
    const alice = await app.connect({ auth: { name: 'sticky' } });
    const { id } = alice;
    expect(await timeOf(app.nest.close())).toBeLessThan(500);
    await expect(app).toHaveLogged(`Cut off the handleDisconnect of client ${id}: it has not ended.`);
  });
});

test('a drain waits for a handler behind an interceptor, even when its client has left', async () => {
  await using app = await start();
  const alice = await app.connect();
  alice.emit('work behind an interceptor', 300);
  await expect.poll(() => events).toContain('working');
  alice.socket.disconnect();
  await expect.poll(() => events).toContain('left');
  await app.nest.close();
  expect(events).toEqual(['working', 'left', 'worked', 'store destroyed']);
});

test('a drain does not wait for an endless stream', async () => {
  await using app = await start();
  const alice = await app.connect();
  alice.emit('ticks');
  await app.settle({ ignoreOpenStreams: true });
  expect(await timeOf(app.nest.close())).toBeLessThan(300);
  expect(app.logs.entries.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('a beforeDrain that hangs takes no time from handleDisconnect, and is named in the log', async () => {
  const left: string[] = [];

  @WebSocketGateway()
  class HangingGateway {
    @SubscribeMessage('hang')
    hang(): Promise<void> {
      return new Promise(() => {});
    }

    handleDisconnect(client: Socket): void {
      left.push(client.id);
    }

    beforeDrain(): Promise<void> {
      return new Promise(() => {});
    }
  }
  @Module({ imports: [WebsocketModule.forRoot({ shutdown: { timeout: 1_000 } })], providers: [HangingGateway] })
  class HangingModule {}
  const app = await startTestApp(HangingModule);
  const alice = await app.connect({ name: 'alice' });
  const { id } = alice;
  alice.emit('hang');
  await alice.connection.fenceToServer();
  await app.nest.close();
  expect(left).toEqual([id]);
  await expect(app).toHaveLogged('The drain goes on without beforeDrain: it has not ended.', { level: 'warn' });
  await app.close().catch(() => {});
});

test('all clients receive what beforeDrain emits, and its error is logged', async () => {
  @WebSocketGateway()
  class GameGateway implements BeforeDrain {
    @WebSocketServer() private readonly server!: Server;

    async beforeDrain(): Promise<void> {
      await delay(20);
      this.server.emit('saved', 7);
    }
  }

  @Injectable()
  class FailingProvider implements BeforeDrain {
    beforeDrain(): never {
      throw new Error('the disk is full');
    }
  }

  @Module({ imports: [WebsocketModule], providers: [GameGateway, FailingProvider] })
  class GameModule {}

  const app = await startTestApp(GameModule);
  const clients = Array.from({ length: 20 }, () =>
    io(app.url, { transports: ['websocket'], forceNew: true, reconnection: false }),
  );
  const heard = clients.map((client) => {
    const told: string[] = [];
    client.onAny((event: string) => told.push(event));
    client.on('disconnect', () => told.push('disconnect'));
    return told;
  });
  await expect.poll(() => clients.every(({ connected }) => connected)).toBe(true);
  await app.nest.close();
  await expect.poll(() => heard).toEqual(clients.map(() => ['saved', 'server:shutdown', 'disconnect']));
  await expect(app).toHaveLogged(/^FailingProvider.beforeDrain failed: the disk is full$/, {
    level: 'error',
  });
  await app.close();
});

test('a mute client does not delay the others, and a client that just left is not logged as cut off', async () => {
  @Module({ imports: [WebsocketModule] })
  class QuietModule {}

  const app = await startTestApp(QuietModule);
  const clients = Array.from({ length: 20 }, () =>
    io(app.url, { transports: ['websocket'], forceNew: true, reconnection: false }),
  );
  await expect.poll(() => clients.every(({ connected }) => connected)).toBe(true);
  using _mute = await openMuteClient(app.port);
  const began = performance.now();
  const gone = clients.map(
    (client) =>
      new Promise<number>((resolve) => {
        client.once('disconnect', () => resolve(performance.now() - began));
        // Some leave as soon as they are told.
        if (clients.indexOf(client) < 5) client.once('server:shutdown', () => client.disconnect());
      }),
  );
  const closed = app.nest.close();
  expect(Math.max(...(await Promise.all(gone)))).toBeLessThan(1_500);
  await closed;
  const cutOffs = app.logs.entries.filter(({ message }) => String(message).startsWith('Cut off'));
  expect(cutOffs).toHaveLength(1);
  await app.close();
});

test.each([
  ['after beforeApplicationShutdown, which still reaches them', 'beforeApplicationShutdown', ['last words']],
  ['before any hook by default', undefined, []],
] as const)('the clients leave %s', async (_, drainAfter, reached) => {
  @WebSocketGateway()
  class PresenceGateway implements OnModuleDestroy, BeforeApplicationShutdown {
    @WebSocketServer() private readonly server!: Server;
    private isDestroyed = false;
    readonly seen: boolean[] = [];
    isReady = true;

    constructor(private readonly readiness: WebsocketReadiness) {}

    handleDisconnect(): void {
      this.seen.push(this.isDestroyed);
    }

    onModuleDestroy(): void {
      this.isDestroyed = true;
    }

    beforeApplicationShutdown(): void {
      this.isReady = this.readiness.ready;
      this.server.emit('last words');
    }
  }

  @Module({
    imports: [WebsocketModule.forRoot({ shutdown: { drainAfter } })],
    providers: [PresenceGateway],
  })
  class AppModule {}

  await using app = await startTestApp(AppModule);
  const alice = await app.connect();
  await app.nest.close();
  expect(alice.received('last words')).toHaveLength(reached.length);
  expect(app.get(PresenceGateway)).toMatchObject({ seen: [drainAfter !== undefined], isReady: false });
});
