import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import { describe, test } from 'vitest';

/** The user store: what fails when it is away. */
const store = { isAway: false, isSlow: false, asked: 0 };

async function ask(): Promise<{ user: string }> {
  store.asked += 1;
  await delay(2);
  while (store.isSlow) await delay(20);
  if (store.isAway) throw new Error('connect ECONNREFUSED');
  return { user: 'alice' };
}

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): unknown {
    return data;
  }
}

@WebSocketGateway({ namespace: 'profile' })
class ProfileGateway {
  calls = 0;
  readonly events: unknown[] = [];

  async handleConnection(): Promise<void> {
    this.calls += 1;
    await ask();
  }

  @SubscribeMessage('note')
  note(_client: unknown, data: unknown): void {
    this.events.push(data);
  }
}

@WebSocketGateway({ namespace: 'profile' })
class StatusGateway {
  calls = 0;

  async handleConnection(): Promise<void> {
    this.calls += 1;
    await delay(1);
  }
}

async function withApp(
  options: WebsocketOptions,
  scenario: (app: TestApp, connect: (namespace?: string, client?: object) => ClientSocket) => Promise<void>,
): Promise<void> {
  @Module({
    imports: [WebsocketModule.forRoot(options)],
    providers: [EchoGateway, ProfileGateway, StatusGateway],
  })
  class AppModule {}

  Object.assign(store, { isAway: false, isSlow: false, asked: 0 });
  const app = await startTestApp(AppModule);
  const clients: ClientSocket[] = [];
  try {
    await scenario(app, (namespace = '', client = {}) => {
      const socket = io(`${app.url}/${namespace}`, {
        transports: ['websocket'],
        forceNew: true,
        reconnectionDelay: 50,
        reconnectionDelayMax: 500,
        ...client,
      });
      clients.push(socket);
      return socket;
    });
  } finally {
    for (const client of clients) client.disconnect();
    const sockets = (): number[] => ['/', '/profile'].map((name) => app.io.of(name).sockets.size);
    await expect.poll(sockets).toEqual([0, 0]);
    await app.close();
  }
}

test('messages of a client are in flight while its handleConnection is retried', () =>
  withApp({ handleConnectionTimeout: 3_000 }, async (app) => {
    store.isAway = true;
    const alice = await app.connect({ namespace: 'profile', until: 'connected' });
    alice.emit('note', 'held');
    await expect.poll(() => app.logs.errors).toHaveLength(1);
    store.isAway = false;
    await app.settle();
    expect(app.get(ProfileGateway).events).toEqual(['held']);
    await alice.disconnect();
    app.logs.allowErrors(/ECONNREFUSED/);
  }));

function handshake(app: TestApp): Promise<Response> {
  return fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
}

describe.each([
  ['authentication', { authentication: { use: ask, timeout: 200 } }, ''],
  ['handleConnection', { handleConnectionTimeout: 200 }, 'profile'],
] as const)('a failing user store in %s', (place, options, namespace) => {
  test('delays a client without an error during a short outage', () =>
    withApp(
      {
        ...options,
        handleConnectionTimeout: 3_000,
        ...(place === 'authentication' && { authentication: { use: ask, timeout: 3_000 } }),
      },
      async (app, connect) => {
        store.isAway = true;
        const alice = connect(namespace);
        const errors: string[] = [];
        alice.on('connect_error', ({ message }) => errors.push(message));
        alice.on('disconnect', (reason) => errors.push(reason));
        await expect.poll(() => store.asked).toBeGreaterThan(1);
        store.isAway = false;
        if (!alice.connected) await once(alice as never, 'connect');
        expect(await alice.emitWithAck('echo', 1).catch(() => 'no ack')).toBeDefined();
        expect(errors).toEqual([]);
        app.logs.allowErrors(/ECONNREFUSED/);
      },
    ));

  test('lets clients of both transports reconnect after a longer outage', () =>
    withApp(options, async (app, connect) => {
      store.isAway = true;
      const clients = [connect(namespace), connect(namespace, { transports: ['polling'] })];
      const refusals: unknown[] = [];
      for (const client of clients) {
        client.on('connect_error', (error: Error & { data?: unknown }) => refusals.push(error.data));
      }
      await delay(600);
      store.isAway = false;
      await expect.poll(() => clients.map(({ connected }) => connected), { timeout: 5_000 }).toEqual([true, true]);
      // What is refused is the handshake: never by a middleware, which would be final.
      expect(refusals.filter((data) => data !== undefined)).toEqual([]);
      app.logs.allowErrors(/ECONNREFUSED/);
    }));

  test(
    'refuses handshakes with 503 and retries about once a second during a long outage',
    () =>
      withApp(options, async (app, connect) => {
        store.isAway = true;
        for (let gone = 0; gone < 3; gone += 1) connect(namespace, { reconnection: false });
        await expect.poll(() => app.logs.entries.filter(({ level }) => level === 'error').length).toBe(6);
        const [, refused] = [await handshake(app), await handshake(app)];
        expect(refused.status).toBe(503);
        expect(refused.headers.get('retry-after')).toBe('2');
        expect(await refused.json()).toMatchObject({ code: 'UNAVAILABLE' });
        const { asked } = store;
        const crowd = Array.from({ length: 20 }, () => connect(namespace));
        await delay(1_500);
        // A trial a second, each of some tries; without, twenty clients would have come some ten times.
        expect(store.asked - asked).toBeLessThan(40);
        store.isAway = false;
        await expect.poll(() => crowd.every(({ connected }) => connected), { timeout: 8_000 }).toBe(true);
        app.logs.allowErrors(/ECONNREFUSED/);
      }),
    20_000,
  );

  test('does not refuse a client when it is too slow to answer', () =>
    withApp(options, async (app, connect) => {
      store.isSlow = true;
      const alice = connect(namespace);
      const refusals: unknown[] = [];
      alice.on('connect_error', (error: Error & { data?: unknown }) => refusals.push(error.data));
      await delay(300);
      store.isSlow = false;
      await expect.poll(() => alice.connected, { timeout: 5_000 }).toBe(true);
      await expect.poll(() => store.asked).toBeGreaterThan(1);
      expect(refusals.filter((data) => data !== undefined)).toEqual([]);
      app.logs.allowErrors(/took longer than 200 ms/);
    }));
});

test('only the handleConnection that failed is called again', () =>
  withApp({ handleConnectionTimeout: 3_000 }, async (app, connect) => {
    store.isAway = true;
    const alice = connect('profile');
    await once(alice as never, 'connect');
    for (let sent = 0; sent < 10; sent += 1) alice.emit('note', sent);
    await expect.poll(() => app.get(ProfileGateway).calls).toBeGreaterThan(2);
    expect(app.get(ProfileGateway).events).toEqual([]);
    store.isAway = false;
    await expect.poll(() => app.get(ProfileGateway).events).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(app.get(StatusGateway).calls).toBe(1);
    app.logs.allowErrors(/ECONNREFUSED/);
  }));

test('a failing handleConnection disconnects a client from that namespace alone, and affects no other namespace', () =>
  withApp({ handleConnectionTimeout: 300 }, async (app, connect) => {
    store.isAway = true;
    const alice = connect();
    await once(alice as never, 'connect');
    const there = alice.io.socket('/profile');
    const [reason] = (await once(there as never, 'disconnect')) as [string];
    expect(reason).toBe('io server disconnect');
    expect(alice.connected).toBe(true);
    const bob = connect();
    await once(bob as never, 'connect');
    expect(await bob.emitWithAck('echo', 1)).toBe(1);
    app.logs.allowErrors(/ECONNREFUSED/);
  }));

test('the authentication of another namespace is retried until it succeeds, without closing the connection', () => {
  const options = {
    authentication: { use: ({ auth }: { auth: object }) => ('wait' in auth ? ask() : {}), timeout: 200 },
  };
  return withApp(options, async (app, connect) => {
    const alice = connect();
    await once(alice as never, 'connect');
    store.isAway = true;
    const there = alice.io.socket('/profile', { auth: { wait: true } });
    const errors: string[] = [];
    there.on('connect_error', ({ message }) => errors.push(message));
    await delay(600);
    expect(alice.connected).toBe(true);
    expect(errors).toEqual([]);
    store.isAway = false;
    await expect.poll(() => there.connected, { timeout: 4_000 }).toBe(true);
    there.disconnect();
    app.logs.allowErrors(/ECONNREFUSED/);
  });
});
