import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { Ack, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import {
  ClientGoneError,
  ConnectionRefusedError,
  DeadlineError,
  HookError,
  startTestApp,
} from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';

@WebSocketGateway()
class DoorGateway {
  ready = new Set<string>();

  afterInit(server: Server): void {
    server.use((socket, next) => {
      const { token } = socket.handshake.auth;
      if (token !== 'expired') return next();
      next(Object.assign(new Error('unauthorized'), { data: { code: 401 } }));
    });
  }

  async handleConnection(client: Socket): Promise<void> {
    const { token } = client.handshake.auth;
    await delay(50);
    if (token === 'throw') throw new Error('the user store is down');
    if (token === 'thrown out') {
      client.emit('exception', { message: 'banned' });
      client.disconnect();
    }
    if (token === 'cut') client.disconnect(true);
    if (token === 'ask') client.emit('greeting', await client.timeout(1_000).emitWithAck('name?'));
    client.emit('welcome', client.id);
    this.ready.add(client.id);
  }

  async handleDisconnect(client: Socket): Promise<void> {
    if (client.handshake.auth.token === 'bad bye') throw new Error('cannot say goodbye');
    await delay(50);
    this.ready.delete(client.id);
  }

  @SubscribeMessage('never')
  never(@Ack() _ack: () => void): void {}
}

@WebSocketGateway({ namespace: '/sync' })
class SyncThrowGateway {
  handleConnection(): void {
    throw new TypeError('thrown at once');
  }
}

@Module({
  imports: [
    WebsocketModule.forRoot({
      allowRequest: (request, done) => {
        const refused = request.headers['x-bot'] !== undefined;
        done(refused ? String(request.headers['x-bot']) : null, !refused);
      },
    }),
  ],
  providers: [DoorGateway, SyncThrowGateway],
})
class DoorModule {}

const test = realtimeTest(DoorModule, { timeout: 1_000 });

for (const transports of [['websocket'], ['polling']] as const) {
  test.describe(`connect() over ${transports[0]}`, () => {
    const client = { transports: [...transports] };

    test('resolves after handleConnection has settled, with all events that it sent', async ({ app, connect }) => {
      const alice = await connect(client);
      expect(app.get(DoorGateway).ready).toContain(alice.id);
      expect(alice.received('welcome')).toEqual([[alice.id]]);
      expect(alice.transport).toBe(transports[0]);
    });

    test('resolves before handleConnection has settled when until is "connected"', async ({ app, connect }) => {
      const alice = await connect({ ...client, until: 'connected' });
      expect(app.get(DoorGateway).ready).not.toContain(alice.id);
      await expect(alice).toReceive('welcome');
    });

    test('answers a question that handleConnection waits for', async ({ connect }) => {
      const on = { 'name?': (answer: (name: string) => void) => answer('Alice') };
      const alice = await connect({ ...client, auth: { token: 'ask' }, on });
      expect(alice.received('greeting')).toEqual([['Alice']]);
    });

    test("rejects with a middleware's reason and data", async ({ connect }) => {
      const connecting = connect({ ...client, name: 'eve', auth: { token: 'expired' } });
      await expect(connecting).toBeRefused('unauthorized');
      await expect(connecting).rejects.toMatchObject({
        name: 'ConnectionRefusedError',
        stage: 'namespace',
        reason: 'unauthorized',
        data: { code: 401 },
        message: `eve was refused by the namespace /: 'unauthorized'\n  data: { code: 401 }`,
      });
    });

    test('rejects with the events that handleConnection sent before it disconnected the client', async ({
      connect,
    }) => {
      const error = await connect({ ...client, name: 'eve', auth: { token: 'thrown out' } }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect(error).toMatchObject({ stage: 'gateway', reason: 'io server disconnect' });
      expect((error as Error).message).toContain(`was sent before:\n    "exception" ({ message: 'banned' })`);
    });

    test('lets toBeRefused check the events that were sent before the disconnect', async ({ connect }) => {
      const thrownOut = () => connect({ ...client, name: 'eve', auth: { token: 'thrown out' } });
      await expect(thrownOut()).toBeRefused('io server disconnect', {
        stage: 'gateway',
        received: [['exception', { message: 'banned' }]],
      });
      await expect(thrownOut()).not.toBeRefused(undefined, { received: [['exception', { message: 'sold out' }]] });
      await expect(expect(thrownOut()).toBeRefused(undefined, { received: [] })).rejects.toThrow(
        /to be refused behind nothing\.[^]*was sent before:\n {4}"exception" \(\{ message: 'banned' \}\)/,
      );
    });

    test('rejects when handleConnection closes the whole connection', async ({ connect }) => {
      await expect(connect({ ...client, auth: { token: 'cut' } })).toBeRefused();
    });

    test('keeps the reasons of concurrent refusals apart', async ({ connect }) => {
      const bots = ['no bots', 'no crawlers', 'no scrapers'];
      const refused = bots.map((bot) => connect({ ...client, extraHeaders: { 'x-bot': bot } }));
      await Promise.all(refused.map((connecting, index) => expect(connecting).toBeRefused(bots[index])));
    });

    test('rejects with the reason of allowRequest', async ({ connect }) => {
      const eve = connect({ ...client, extraHeaders: { 'x-bot': 'no bots' } });
      await expect(eve).toBeRefused('no bots');
      await expect(eve).rejects.toMatchObject({ stage: 'handshake' });
    });

    test('rejects with the error of an asynchronous handleConnection', async ({ app, connect }) => {
      app.logs.allowErrors(/DoorGateway.handleConnection failed on client .+: the user store is down/);
      const error: unknown = await connect({ ...client, name: 'eve', auth: { token: 'throw' } }).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(HookError);
      expect(error).toMatchObject({ hook: 'DoorGateway.handleConnection', client: 'eve' });
      expect((error as HookError).cause).toMatchObject({ message: 'the user store is down' });
    });
  });
}

test('connect() rejects with the error of a synchronous handleConnection', async ({ app, connect }) => {
  app.logs.allowErrors(/SyncThrowGateway.handleConnection failed on client .+: thrown at once/);
  await expect(connect({ namespace: 'sync' })).rejects.toThrow(
    'SyncThrowGateway.handleConnection failed for client-1: TypeError: thrown at once',
  );
});

test('connect() to an unknown namespace names the namespaces of the app', async ({ connect }) => {
  await expect(connect({ name: 'eve', namespace: 'nowhere' })).rejects.toThrow(
    `eve was refused by the namespace /nowhere: 'Invalid namespace'\n  namespaces there are: /, /sync`,
  );
});

test("connect() suggests until: 'connected' when handleConnection waits for the client", async ({ connect }) => {
  await expect(connect({ name: 'alice', auth: { token: 'ask' }, timeout: 200 })).rejects.toThrow(
    /handleConnection did not settle for alice within 200 ms\.\n {2}note: .+until: 'connected' .+\n {2}the last event: .+; handleConnection is still running; .+\n {2}because:\n {4}DoorGateway\.handleConnection for alice, running for/,
  );
});

test('disconnect() resolves when handleDisconnect has settled, and rejects when it failed', async ({
  app,
  connect,
}) => {
  const alice = await connect();
  await alice.disconnect();
  expect(app.get(DoorGateway).ready).not.toContain(alice.id);

  const bob = await connect({ name: 'bob', auth: { token: 'bad bye' } });
  await expect(bob.disconnect()).rejects.toThrow(
    'DoorGateway.handleDisconnect failed for bob: Error: cannot say goodbye',
  );
});

test('a disconnected client fails next(), emitWithAck() and emit() with the disconnect reason', async ({
  app,
  connect,
}) => {
  const alice = await connect({ name: 'alice' });
  app.io.disconnectSockets();
  await app.settle();
  await alice.next('welcome');
  await expect(alice.next('news')).rejects.toThrow('alice waited for "news", but alice is gone: io server disconnect.');
  await expect(alice.emitWithAck('never')).rejects.toThrow(ClientGoneError);
  expect(() => alice.emit('never')).toThrow('alice was to emit "never" (), but alice is gone: io server disconnect.');
});

test('a client that the test reconnects stays a client of the app', async ({ app, connect }) => {
  const alice = await connect();
  app.io.disconnectSockets();
  await app.settle();
  alice.socket.connect();
  await app.settle();
  expect(app.clients).toEqual([alice]);
  await expect(alice).toReceive('welcome', alice.id);
});

test('a reconnecting client refuses to emit, and settle() waits for its reconnection', async ({ app, connect }) => {
  const alice = await connect({ reconnection: true, reconnectionDelay: 100, randomizationFactor: 0 });
  const { id } = alice;
  alice.socket.io.engine.close();
  await expect.poll(() => alice.connected).toBe(false);
  expect(() => alice.emit('never')).toThrow(ClientGoneError);
  await app.settle();
  expect(alice.connected).toBe(true);
  expect(alice.id).not.toBe(id);
});

test('next() returns an event that has arrived already, even with a timeout of 0', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.next('welcome', { timeout: 0 })).toEqual([alice.id]);
});

test('a missing ack rejects with an error that names the likely cause', async ({ connect }) => {
  const alice = await connect({ name: 'alice', timeout: 100 });
  await expect(alice.emitWithAck('never', 1)).rejects.toThrow(
    'alice emitted "never" (1) and waited for its ack, which did not come within 100 ms.',
  );
  await expect(alice.emitWithAck('never', 1)).rejects.toThrow(
    'No handler is running: it returned nothing or did not call its @Ack()',
  );
  await expect(alice.next('nothing')).rejects.toThrow(DeadlineError);
});

test('connect() takes its defaults from the app, and undefined options from the kit', async () => {
  const client = { namespace: 'sync', extraHeaders: { 'x-a': 'a' }, auth: { token: 'default' } };
  await using app = await startTestApp(DoorModule, { client });
  const alice = await app.connect({
    namespace: '/',
    transports: undefined,
    extraHeaders: { 'x-b': 'b' },
  });
  expect(alice.transport).toBe('websocket');
  const { handshake } = app.io.sockets.sockets.get(alice.id)!;
  expect(handshake.headers).toMatchObject({ 'x-a': 'a', 'x-b': 'b' });
  expect(handshake.auth).toEqual({ token: 'default' });
  await expect(app.connect()).rejects.toThrow('SyncThrowGateway.handleConnection failed');
});

test('connect() rejects when the app has no gateway', async () => {
  @Module({})
  class EmptyModule {}
  await using app = await startTestApp(EmptyModule);
  await expect(app.connect()).rejects.toThrow(
    'This app has no Socket.IO gateway. Expected a provider decorated with @WebSocketGateway()',
  );
});
