import { Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp, worlds } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import * as msgpack from 'socket.io-msgpack-parser';
import { describe, test as plainTest } from 'vitest';

@WebSocketGateway({ connectTimeout: 10_000 })
class RoomGateway {
  handleConnection(client: Socket): void {
    client.emit('welcome', 'hi');
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
    client.to('lobby').emit('said', text, Buffer.from([1, 2]));
  }
}

@Module({
  imports: [WebsocketModule.forRoot({ maxHttpBufferSize: 9_000, pingInterval: 9_000 })],
  providers: [RoomGateway],
})
class RoomModule {}

const everyWorld = worlds({
  transports: ['websocket', 'polling', 'upgrade'],
  httpAdapters: { express: undefined, fastify: () => new FastifyAdapter() },
  parsers: { 'default parser': undefined, msgpack },
  recovery: [false, true],
});

plainTest('worlds() returns one world per combination, with a name that says which', () => {
  expect(everyWorld).toHaveLength(24);
  expect(new Set(everyWorld.map(({ name }) => name)).size).toBe(24);
  expect(everyWorld.at(0)?.name).toBe('websocket, express, default parser, no recovery');
  expect(everyWorld.at(-1)?.name).toBe('upgrade, fastify, msgpack, recovery');
  expect(worlds({}).map(({ name }) => name)).toEqual(['']);
});

plainTest('worlds() rejects a dimension without values, and an unknown transport', () => {
  expect(() => worlds({ recovery: [] })).toThrow('worlds() needs at least one of its recovery; got none.');
  expect(() => worlds({ transports: ['webtransport' as 'polling'] })).toThrow(
    "worlds() knows the transports websocket, polling, upgrade; got 'webtransport'.",
  );
});

describe.each(everyWorld)('over $name', ({ name, options }) => {
  const recovers = options.server?.connectionStateRecovery !== undefined;
  const test = realtimeTest(RoomModule, options);

  test('the same assertions pass', async ({ app, connect }) => {
    const heard: unknown[][] = [];
    const [alice, carol] = await connect(2);
    const bob = await connect({ name: 'bob', on: { said: (...args: unknown[]) => heard.push(args) } });
    for (const client of [alice, bob, carol]) await expect(client).toReceiveExactly(['welcome', 'hi']);
    await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
    alice.emit('say', 'hello');
    await expect([bob]).toBeAllWhoReceive('said', 'hello', Buffer.from([1, 2]));
    await expect(carol).not.toReceive('said');
    await expect(bob).toBeInRooms(['lobby']);
    expect(bob.received('said')).toEqual([['hello', Buffer.from([1, 2])]]);
    // A listener of its own is told what any client is: where sessions are recovered, the offset too.
    expect(heard).toEqual([['hello', Buffer.from([1, 2]), ...(recovers ? [expect.any(String)] : [])]]);
    expect(name).toContain(app.nest.getHttpAdapter().getType());
  });
});

describe.each(worlds({ transports: ['websocket', 'polling'] }))('over $name', ({ options }) => {
  plainTest('a recovered client receives what it missed, as it was sent', async () => {
    await using app = await startTestApp(RoomModule, {
      ...options,
      server: { connectionStateRecovery: { maxDisconnectionDuration: 10_000 } },
      client: { ...options.client, reconnection: true, reconnectionDelay: 10 },
    });
    const alice = await app.connect({ name: 'alice' });
    const bob = await app.connect({ name: 'bob' });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', 'before');
    await bob.next('said');
    await bob.next('welcome');
    // The server notices at once; the client a little later, and comes back by itself.
    const returned = new Promise<void>((resolve) => bob.socket.once('connect', resolve));
    app.io.sockets.sockets.get(bob.id)?.conn.close();
    alice.emit('say', 'meanwhile');
    await returned;
    expect(bob.socket.recovered).toBe(true);
    await expect(bob).toReceiveExactly(['said', 'meanwhile', Buffer.from([1, 2])], ['welcome', 'hi']);
  });
});

describe('the server options of a test override', () => {
  const server = { maxHttpBufferSize: 1_234 };
  const sizeOf = (io: Server): unknown => io.engine.opts.maxHttpBufferSize;

  plainTest('the options of WebsocketModule, and keep the others', async () => {
    await using app = await startTestApp(RoomModule, { server });
    expect(sizeOf(app.io)).toBe(1_234);
    expect(app.io.engine.opts.pingInterval).toBe(9_000);
  });

  plainTest('the options of a decorator on plain Nest', async () => {
    @Module({ providers: [RoomGateway] })
    class PlainModule {}
    await using app = await startTestApp(PlainModule, { server: { connectTimeout: 1_234 } });
    expect(app.io._opts.connectTimeout).toBe(1_234);
  });

  plainTest('the options that an adapter adds, and leave the adapter unchanged', async () => {
    class OwnAdapter extends IoAdapter {
      override createIOServer(port: number, options?: Parameters<IoAdapter['createIOServer']>[1]): Server {
        return super.createIOServer(port, { ...options!, maxHttpBufferSize: 5_000 });
      }
    }
    const { createIOServer } = IoAdapter.prototype;
    @Module({ providers: [RoomGateway] })
    class PlainModule {}
    const setup = (nest: Parameters<NonNullable<Parameters<typeof startTestApp>[1]>['setup'] & object>[0]): void => {
      nest.useWebSocketAdapter(new OwnAdapter(nest));
    };
    await using app = await startTestApp(PlainModule, { server, setup });
    expect(sizeOf(app.io)).toBe(1_234);
    expect(IoAdapter.prototype.createIOServer).toBe(createIOServer);
  });
});
