import { setTimeout as delay } from 'node:timers/promises';
import { Module, UnauthorizedException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Handshake, type Server } from 'nest-realtime-kit';
import { startTestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { test as baseTest } from 'vitest';
import { test as redisTest } from './support/redis.js';

@WebSocketGateway()
class NewsGateway {
  @WebSocketServer() readonly server!: Server;

  @SubscribeMessage('publish')
  publish(@MessageBody() text: string): void {
    this.server.emit('news', text);
  }

  @SubscribeMessage('publish a number')
  publishNumber(): void {
    this.server.emit('news', 1n);
  }
}

const revoked = new Set<string>();

/** How often the user store is still to fail for a token. */
const outages = new Map<string, number>();

async function authentication({ auth }: Handshake): Promise<object> {
  const { token, takes } = auth as { token: string; takes?: number };
  if (takes) await delay(takes);
  const left = outages.get(token) ?? 0;
  if (left > 0) {
    outages.set(token, left - 1);
    throw new Error('the user store is away');
  }
  if (revoked.has(token)) throw new UnauthorizedException('revoked');
  return { user: token };
}

@Module({
  imports: [WebsocketModule.forRoot({ connectionStateRecovery: {}, authentication })],
  providers: [NewsGateway],
})
class AppModule {}

@Module({
  imports: [WebsocketModule.forRoot({ connectionStateRecovery: { skipMiddlewares: true }, authentication })],
  providers: [NewsGateway],
})
class SkippingModule {}

const test = realtimeTest(AppModule);

/** Loses a client's connection, has news published meanwhile, and lets it come back. */
async function missNews(client: TestClient, publisher: TestClient): Promise<void> {
  publisher.emit('publish', 'before');
  await expect(client).toReceive('news', 'before');
  const lost = new Promise((resolve) => client.socket.once('disconnect', resolve));
  client.socket.io.engine.close();
  await lost;
  await publisher.emitWithAck('publish', 'meanwhile');
}

test('a crowd receives events without the offset of the recovery', async ({ app, connect }) => {
  const alice = await connect({ auth: { token: 'alice' } });
  const crowd = await app.connectMany(2, { auth: { token: 'crowd' } });
  await alice.emitWithAck('publish', 'news');
  await expect([alice, crowd]).toBeAllWhoReceive('news', 'news');
});

test('a recovered client receives the events that it missed, once', async ({ connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 100 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  const { id } = alice;
  await missNews(alice, bob);
  await expect(alice).toReceive('news', 'meanwhile');
  expect(alice.socket.recovered).toBe(true);
  expect(alice.id).toBe(id);
  bob.emit('publish', 'after');
  await expect(alice).toReceive('news', 'after');
  expect(alice.received('news')).toEqual([['before'], ['meanwhile'], ['after']]);
});

test('a recovery brings nothing from before the session, whatever offset the client has kept', async ({ connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 100 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  bob.emit('publish', 'heard');
  await expect(alice).toReceive('news', 'heard');
  await alice.disconnect();
  await bob.emitWithAck('publish', 'between two sessions');
  for (const meanwhile of ['meanwhile', 'meanwhile, again']) {
    if (alice.socket.disconnected) await alice.connection.open();
    const lost = new Promise((resolve) => alice.socket.once('disconnect', resolve));
    alice.socket.io.engine.close();
    await lost;
    await bob.emitWithAck('publish', meanwhile);
    await expect(alice).toReceive('news', meanwhile);
    expect(alice.socket.recovered).toBe(true);
  }
  expect(alice.received('news')).toEqual([['heard'], ['meanwhile'], ['meanwhile, again']]);
});

test('an event that cannot be encoded reaches no client, and all other events arrive', async ({ app, connect }) => {
  app.logs.allowErrors(/BigInt/);
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 100 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  await missNews(alice, bob);
  await expect(bob.emitWithAck('publish a number')).toRaiseException('Internal server error');
  await bob.emitWithAck('publish', 'the rest');
  await expect(alice).toReceive('news', 'the rest');
  expect(alice.socket.recovered).toBe(true);
  expect(alice.received('news')).toEqual([['before'], ['meanwhile'], ['the rest']]);
});

baseTest.for([AppModule, SkippingModule])(
  'a client that was revoked while it was away receives no missed event (%o)',
  async (module) => {
    await using app = await startTestApp(module);
    const connect = app.connect.bind(app);
    const [eve, bob] = [
      await connect({ name: 'eve', auth: { token: 'eve' }, reconnection: true, reconnectionDelay: 100 }),
      await connect({ name: 'bob', auth: { token: 'bob' } }),
    ];
    const heard: unknown[] = [];
    eve.socket.on('news', (text: unknown) => heard.push(text));
    const packets: unknown[] = [];
    eve.socket.io.on('packet' as never, ((packet: unknown) => packets.push(packet)) as never);
    const refused = new Promise((resolve) => eve.socket.once('connect_error', resolve));
    revoked.add('eve');
    await missNews(eve, bob);
    expect(await refused).toMatchObject({ message: 'revoked' });
    eve.socket.disconnect();
    expect(heard).toEqual(['before']);
    expect(JSON.stringify(packets)).not.toContain('meanwhile');
    revoked.delete('eve');
  },
);

test('a session is not recovered while its client is connected', async ({ app, connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 100 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  await missNews(alice, bob);
  await expect(alice).toReceive('news', 'meanwhile');
  // Knows what Alice knows: the id of her session, and her last offset.
  const { _pid: pid, _lastOffset: offset } = alice.socket as unknown as Record<string, string>;
  const twin = await connect({ name: 'twin', auth: { token: 'bob', pid, offset } });
  expect(twin.socket.recovered).toBe(false);
  expect(twin.id).not.toBe(alice.id);
  expect([...app.io.sockets.sockets.keys()].toSorted()).toEqual([alice.id, bob.id, twin.id].toSorted());
});

test('a client that recovered and then left does not recover the session from before', async ({ app, connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 20 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  await app.io.sockets.sockets.get(alice.id)!.join('garden');
  await missNews(alice, bob);
  await expect(alice).toReceive('news', 'meanwhile');
  await expect(alice).toBeInRoom('garden');
  await app.io.sockets.sockets.get(alice.id)!.leave('garden');
  await alice.disconnect();
  const back = new Promise((resolve) => alice.socket.once('connect', () => resolve(undefined)));
  alice.socket.connect();
  await back;
  expect(alice.socket.recovered).toBe(false);
  await expect(alice).toBeInRooms([]);
});

test('a client that a fault of the server kept out recovers at its next attempt', async ({ app, connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 20 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  app.logs.allowErrors(/the user store is away/);
  outages.set('alice', 2);
  await missNews(alice, bob);
  await expect(alice).toReceive('news', 'meanwhile');
  expect(outages.get('alice')).toBe(0);
  expect(alice.socket.recovered).toBe(true);
});

test('a client that was refused recovers when it comes again with a right token', async ({ connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 20 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  revoked.add('alice');
  const refused = new Promise((resolve) => alice.socket.once('connect_error', resolve));
  await missNews(alice, bob);
  await refused;
  revoked.delete('alice');
  alice.socket.connect();
  await expect(alice).toReceive('news', 'meanwhile');
  expect(alice.socket.recovered).toBe(true);
});

test.for(['websocket', 'polling'])(
  'an event published while a recovering client is authenticated arrives exactly once (%s)',
  async (transport, { app, connect }) => {
    const alice = await connect({
      name: 'alice',
      auth: { token: 'alice', takes: 50 },
      transports: [transport as 'websocket'],
      reconnection: true,
      reconnectionDelay: 20,
    });
    const heard: unknown[] = [];
    alice.socket.on('news', (number: unknown) => heard.push(number));
    const { server } = app.get(NewsGateway);
    let published = 0;
    const publish = (): void => void server.emit('news', (published += 1));
    publish();
    await expect.poll(() => heard.length).toBe(1);
    const publishing = setInterval(publish, 5);
    const recovered: boolean[] = [];
    for (let times = 0; times < 5; times += 1) {
      const back = new Promise((resolve) => alice.socket.once('connect', () => resolve(undefined)));
      alice.socket.io.engine.close();
      await back;
      recovered.push(alice.socket.recovered);
      await delay(30);
    }
    clearInterval(publishing);
    await expect.poll(() => heard.at(-1)).toBe(published);
    expect(heard).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    expect(recovered).toEqual(recovered.map(() => true));
  },
);

test('missed events arrive before the connect packet, as in Socket.IO', async ({ connect }) => {
  const [alice, bob] = [
    await connect({ name: 'alice', auth: { token: 'alice' }, reconnection: true, reconnectionDelay: 50 }),
    await connect({ name: 'bob', auth: { token: 'bob' } }),
  ];
  const packets: string[] = [];
  alice.socket.io.on('open', () => {
    alice.socket.io.engine.on('packet', ({ data = '' }) => packets.push(String(data).slice(0, 2)));
  });
  await missNews(alice, bob);
  await expect(alice).toReceive('news', 'meanwhile');
  expect(packets.filter((packet) => ['2[', '0{'].includes(packet))).toEqual(['2[', '0{']);
});

redisTest('connectionStateRecovery beside "redis" fails the boot', async ({ redisUrl }) => {
  @Module({ imports: [WebsocketModule.forRoot({ connectionStateRecovery: {}, redis: { url: redisUrl } })] })
  class RedisModule {}

  await expect(startTestApp(RedisModule)).rejects.toThrow(
    'WebsocketModule: option "connectionStateRecovery" is an object; expected none beside "redis", ' +
      'whose adapter cannot recover a session.',
  );
});
