import { once } from 'node:events';
import { Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { assertThat, startTestApp, worlds } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { describe, onTestFinished } from 'vitest';

class Chat implements OnGatewayConnection {
  handleConnection(client: ServerSocket): void {
    client.emit('welcome', client.nsp.name);
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: ServerSocket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: ServerSocket, @MessageBody() text: string): Promise<void> {
    await Promise.resolve();
    client.broadcast.emit('said', text);
  }

  @SubscribeMessage('cut')
  cut(@ConnectedSocket() client: ServerSocket): void {
    client.conn.close();
  }
}

@WebSocketGateway()
class ChatGateway extends Chat {}

@WebSocketGateway({ namespace: '/news' })
class NewsGateway extends Chat {}

@Module({ imports: [WebsocketModule.forRoot()], providers: [ChatGateway, NewsGateway] })
class ChatModule {}

describe.each(worlds({ transports: ['websocket', 'polling', 'upgrade'] }))('over $name', ({ options }) => {
  const test = realtimeTest(ChatModule, options);

  /** As the front end of an app opens its socket; it knows nothing of the test. */
  function openPage(url: string): Socket {
    const { transports } = options.client!;
    const socket = io(url, { transports, forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 1 });
    onTestFinished(() => void socket.disconnect());
    return socket;
  }

  describe('a socket that the test did not open', () => {
    test('becomes a client like any other', async ({ app, connect }) => {
      const page = openPage(app.url);
      const alice = app.follow(page, { name: 'alice' });
      await expect(alice).toReceiveExactly(['welcome', '/']);
      const bob = await connect({ name: 'bob' });
      expect(app.clients).toEqual([alice, bob]);
      await expect(alice.emitWithAck('join', 'lobby')).toBeAcked('lobby');
      await expect(alice).toBeInRoom('lobby');
      page.emit('say', 'hi');
      await expect(assertThat(bob).not.toReceive('said')).rejects.toThrow(/bob got "said" \('hi'\)/);
      expect(app.timeline.print()).toMatch(/alice.*"say".*'hi'/);
      page.disconnect();
      await expect(alice).toBeDisconnected('io client disconnect');
    });

    test('is followed from its current state when it is already connected', async ({ app, connect }) => {
      const page = openPage(app.url);
      await once(page as never, 'welcome');
      const alice = app.follow(page, { name: 'alice' });
      const bob = await connect({ name: 'bob' });
      bob.emit('say', 'hi');
      await expect(alice).toReceiveExactly(['said', 'hi']);
      page.emit('say', 'hello');
      await expect(bob).toReceive('said', 'hello');
      expect(app.timeline.print()).toMatch(/alice.*"say".*'hello'/);
      await alice.disconnect();
      await expect(alice).toBeDisconnected('io client disconnect', { server: 'client namespace disconnect' });
    });

    test('stays the same client when it reconnects', async ({ app }) => {
      const page = openPage(app.url);
      const alice = app.follow(page, { name: 'alice' });
      await alice.next('welcome');
      const left = once(page as never, 'disconnect');
      alice.emit('cut');
      await left;
      expect(alice.disconnectReason).toBe('transport close');
      await alice.next('welcome');
      expect(alice.disconnectReason).toBeUndefined();
      await expect(alice.emitWithAck('join', 'lobby')).toBeAcked('lobby');
      await expect(alice).toBeInRooms(['lobby']);
    });

    test('cannot be followed twice', ({ app }) => {
      const page = openPage(app.url);
      app.follow(page, { name: 'alice' });
      expect(() => app.follow(page)).toThrow('This socket is a client of the test already: alice.');
    });
  });

  describe('a client that shares the connection of another', () => {
    test('is in its own namespace, and stays when the other leaves', async ({ app, connect }) => {
      const alice = await connect({ name: 'alice' });
      const reader = await connect({ name: 'reader', namespace: 'news', connection: alice });
      expect(reader.socket.io.engine).toBe(alice.socket.io.engine);
      await expect(reader).toReceiveExactly(['welcome', '/news']);
      await expect(alice).toReceiveExactly(['welcome', '/']);
      await expect(reader.emitWithAck('join', 'sports')).toBeAcked('sports');
      await expect(alice).not.toBeInRoom('sports');
      expect(app.timeline.print()).toMatch(/reader.*"join".*'sports'/);
      await alice.disconnect();
      await expect(reader).toBeConnected();
      await expect(reader.emitWithAck('join', 'weather')).toBeAcked('weather');
    });

    test('shows the right cause of an event that arrives after it has left and rejoined', async ({ app, connect }) => {
      const alice = await connect({ name: 'alice' });
      const reader = await connect({ name: 'reader', namespace: '/news', connection: alice });
      const bob = await connect({ name: 'bob', namespace: '/news' });
      app.io.of('/news').emit('closing');
      await reader.disconnect();
      reader.socket.connect();
      await app.settle();
      bob.emit('say', 'hi');
      await expect(expect(reader).not.toReceive('said')).rejects.toThrow(
        /got "said" \('hi'\) at .+, caused by bob's "say"/,
      );
    });

    test('loses its connection together with the other', async ({ connect }) => {
      const alice = await connect({ name: 'alice' });
      const reader = await connect({ name: 'reader', namespace: '/news', connection: alice });
      alice.emit('cut');
      for (const client of [alice, reader]) await expect(client).toBeDisconnected();
    });

    test('is refused by its namespace, and the other stays connected', async ({ connect }) => {
      const alice = await connect({ name: 'alice' });
      await expect(connect({ namespace: '/attic', connection: alice })).toBeRefused('Invalid namespace');
      await expect(alice).toBeConnected();
    });

    test('can join a namespace that has refused it before', async ({ app, connect }) => {
      const alice = await connect({ name: 'alice' });
      app.io.of('/news').use(({ handshake }, next) => next(handshake.auth.token ? undefined : new Error('closed')));
      const news = { name: 'reader', namespace: '/news', connection: alice } as const;
      await expect(connect(news)).toBeRefused('closed');
      const reader = await connect({ ...news, auth: { token: 'of the press' } });
      await expect([reader]).toBeAllWhoReceive('welcome', '/news');
      await reader.emitWithAck('join', 'sports');
      expect(app.timeline.entries.filter(({ kind }) => kind === 'sent')).toHaveLength(1);
    });

    test('cannot join the namespace of the other', async ({ connect }) => {
      const alice = await connect({ name: 'alice' });
      await expect(connect({ connection: alice })).rejects.toThrow(
        'alice is in / by the connection of alice: each namespace is joined once.',
      );
    });
  });
});

describe('app.follow()', () => {
  const test = realtimeTest(ChatModule);

  test('rejects a socket that is connected to another server', async ({ app }) => {
    await using other = await startTestApp(ChatModule);
    const elsewhere = await other.connect();
    expect(() => app.follow(elsewhere.socket, { name: 'alice' })).toThrow(
      'alice is connected to another server than that of this app.',
    );
    elsewhere.emit('say', 'hi');
    await other.settle();
    expect(app.timeline.print()).not.toContain('alice');
  });

  test('stops the reconnection of a socket when the app closes', async () => {
    const app = await startTestApp(ChatModule);
    const page = io(app.url, { forceNew: true, reconnectionDelay: 1 });
    const alice = app.follow(page);
    await expect(alice).toReceive('welcome');
    await app.close();
    expect(page.active).toBe(false);
  });
});
