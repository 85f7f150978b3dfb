import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Namespace, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { TestClient } from 'nest-realtime-kit/testing';
import type { Socket as ClientSocket } from 'socket.io-client';
import { describe } from 'vitest';

@WebSocketGateway()
class MainGateway {}

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {
  readonly calls: string[] = [];
  readonly events: unknown[] = [];

  handleConnection(): void {
    this.calls.push('connected');
  }

  handleDisconnect(): void {
    this.calls.push('disconnected');
  }

  @SubscribeMessage('who am I')
  whoAmI(client: Socket): unknown {
    return client.data;
  }

  @SubscribeMessage('note')
  note(_client: Socket, data: unknown): void {
    this.events.push(data);
  }
}

const slow = { waits: [0], asked: 0, through: 0 };

/** Its first client waits longer than the second. */
@WebSocketGateway({ namespace: 'slow' })
class SlowGateway {
  afterInit(namespace: Namespace): void {
    namespace.use((_socket, next) => {
      slow.asked += 1;
      setTimeout(() => {
        slow.through += 1;
        next();
      }, slow.waits.shift());
    });
  }

  @SubscribeMessage('echo')
  echo(_client: Socket, data: unknown): unknown {
    return data;
  }
}

@WebSocketGateway({ namespace: /^\/room-\d+$/ })
class RoomsGateway {}

@Module({
  imports: [
    WebsocketModule.forRoot({
      cleanupEmptyChildNamespaces: true,
      authentication: async ({ auth }) => {
        const { user, takes } = auth as { user?: string; takes?: number };
        if (takes !== undefined) await delay(takes);
        return { user };
      },
    }),
  ],
  providers: [MainGateway, ChatGateway, SlowGateway, RoomsGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);

/** A namespace on the connection that a client has. */
function chatOf({ socket }: TestClient, auth: object = {}): ClientSocket {
  return socket.io.socket('/chat', { auth });
}

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test.for([undefined, 0, 30])(
    'a client that joins, leaves and rejoins at once is in the namespace once (authentication: %s ms)',
    async (takes, { app, connect }) => {
      const alice = await connect(client);
      const chat = chatOf(alice, { takes });
      chat.connect();
      chat.disconnect();
      chat.connect();
      await expect.poll(() => chat.connected).toBe(true);
      expect(await chat.emitWithAck('who am I')).toEqual({});
      expect(alice.socket.connected).toBe(true);
      expect(app.io.of('/chat').sockets.size).toBe(1);
      const { calls } = app.get(ChatGateway);
      expect(calls.filter((call) => call === 'connected').length - 1).toBe(
        calls.filter((call) => call === 'disconnected').length,
      );
      chat.disconnect();
    },
  );

  test('a client that leaves and rejoins at once runs the hooks again', async ({ app, connect }) => {
    const alice = await connect(client);
    const chat = chatOf(alice).connect();
    await expect.poll(() => chat.connected).toBe(true);
    expect(await chat.emitWithAck('note', 'before')).toBeUndefined();
    chat.disconnect();
    chat.connect();
    await expect.poll(() => chat.connected).toBe(true);
    chat.emit('note', 'after');
    await expect.poll(() => app.get(ChatGateway).events).toEqual(['before', 'after']);
    expect(app.get(ChatGateway).calls).toEqual(['connected', 'disconnected', 'connected']);
    expect(alice.socket.connected).toBe(true);
    chat.disconnect();
  });

  test('the last of two joins counts, even when the first one is accepted later', async ({ connect }) => {
    Object.assign(slow, { waits: [300, 5], asked: 0, through: 0 });
    const alice = await connect(client);
    const other = alice.socket.io.socket('/slow');
    let connects = 0;
    other.on('connect', () => (connects += 1));
    other.connect();
    await expect.poll(() => slow.asked).toBe(1);
    other.disconnect().connect();
    await expect.poll(() => slow.through).toBe(2);
    expect(await other.emitWithAck('echo', 1)).toBe(1);
    expect(connects).toBe(1);
    expect(alice.socket.connected).toBe(true);
    other.disconnect();
  });

  test('a client that rejoins a namespace of a pattern at once receives its events', async ({ app, connect }) => {
    const alice = await connect(client);
    const room = alice.socket.io.socket('/room-1', { auth: { takes: 5 } });
    room.connect().disconnect().connect();
    await expect.poll(() => room.connected).toBe(true);
    const heard = new Promise((resolve) => room.once('bell', resolve));
    expect(app.io._nsps.get('/room-1')?.sockets.size).toBe(1);
    app.io.of('/room-1').emit('bell', 'rings');
    expect(await heard).toBe('rings');
    room.disconnect();
  });

  test('the last of two joins decides the identity of the client', async ({ connect }) => {
    const alice = await connect(client);
    const chat = chatOf(alice, { user: 'alice', takes: 20 }).connect();
    chat.disconnect();
    chat.auth = { user: 'bob', takes: 0 };
    chat.connect();
    await expect.poll(() => chat.connected).toBe(true);
    expect(await chat.emitWithAck('who am I')).toEqual({ user: 'bob' });
    chat.disconnect();
  });
});
