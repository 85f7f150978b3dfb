import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { assertThat, startTestApp, worlds, type TestClient } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { describe, expect, test as plainTest } from 'vitest';

/** Whatever it leaks reaches everybody. */
@WebSocketGateway()
class LeakyGateway {
  @WebSocketServer() private readonly server!: Server;
  private tries = 0;

  /** Gives no ack. */
  @SubscribeMessage('mute')
  mute(): void {}

  @SubscribeMessage('leak')
  leak(@MessageBody() text: string): string {
    this.server.emit('leak', text);
    return 'leaked';
  }

  @SubscribeMessage('twice')
  twice(@ConnectedSocket() client: Socket): void {
    client.emit('leak', 'one');
    client.emit('leak', 'one');
  }

  @SubscribeMessage('slow')
  async slow(@MessageBody() time: number): Promise<string> {
    await delay(time);
    return 'slow';
  }

  @SubscribeMessage('count')
  count(@ConnectedSocket() client: Socket): number {
    client.data.count = (Number(client.data.count) || 0) + 1;
    return client.data.count as number;
  }

  /** Answers when it is asked for the second time. */
  @SubscribeMessage('hesitate')
  hesitate(@Ack() ack: (text: string) => void): void {
    this.tries += 1;
    if (this.tries === 2) ack('at last');
  }

  /** Tells everybody what one client has answered. */
  @SubscribeMessage('vote')
  vote(@ConnectedSocket() client: Socket): void {
    client.timeout(1_000).emit('ballot', (_error: unknown, choice: string) => this.server.emit('leak', choice));
  }
}

@Module({ providers: [LeakyGateway] })
class LeakyModule {}

describe.each(worlds({ transports: ['websocket', 'polling'] }))('over $name', ({ options }) => {
  const test = realtimeTest(LeakyModule, { ...options, timeout: 1_500 });
  const retries = { name: 'alice', retries: 2, ackTimeout: 100 };

  test('an event that waits for the ack of another event is in flight', async ({ connect }) => {
    const alice = await connect({ ...retries, ackTimeout: 1_000 });
    const bob = await connect({ name: 'bob' });
    alice.emit('slow', 60);
    alice.emit('leak', 'behind a slow one');
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(`bob got "leak" ('behind a slow one')`);
  });

  test('an event that waits for an ack that never comes is in flight', async ({ connect }) => {
    const alice = await connect(retries);
    const bob = await connect({ name: 'bob' });
    alice.emit('mute');
    alice.emit('leak', 'behind a mute one');
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(`bob got "leak" ('behind a mute one')`);
  });

  test('an event that had to wait passes toBeAcked', async ({ connect }) => {
    const alice = await connect({ ...retries, ackTimeout: 1_000 });
    alice.emit('slow', 60);
    await assertThat(alice.emitWithAck('leak', 'later')).toBeAcked('leaked');
  });

  test('an event that had to wait behind an equal event passes toBeAcked', async ({ connect }) => {
    const alice = await connect({ ...retries, ackTimeout: 1_000 });
    alice.emit('slow', 60);
    alice.emit('count');
    await assertThat(alice.emitWithAck('count')).toBeAcked(2);
  });

  test('an event that is acked on its retry passes toBeAcked', async ({ connect }) => {
    const alice = await connect(retries);
    await assertThat(alice.emitWithAck('hesitate')).toBeAcked('at last');
  });

  test('an ack after the ackTimeout of the client does not count as an ack', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice', ackTimeout: 50 });
    const answer = alice.emitWithAck('slow', 150);
    await expect(assertThat(answer).toBeAcked()).rejects.toThrow('the client waits no longer, by its ackTimeout');
    await expect(answer).rejects.toThrow('operation has timed out');
    await app.settle();
    await assertThat(answer).not.toBeAcked();
  });

  type Answer = (choice: string) => void;
  const ballot = async (answer: Answer): Promise<void> => {
    await delay(30);
    answer('yes');
  };
  const ways: Record<string, (socket: TestClient['socket']) => unknown> = {
    on: (socket) => socket.on('ballot', ballot),
    once: (socket) => socket.once('ballot', ballot),
    onAny: (socket) => socket.onAny((event, answer): unknown => event === 'ballot' && ballot(answer as Answer)),
  };
  test('an asynchronous listener of `connect({ on })` is in flight', async ({ connect }) => {
    const alice = await connect({ on: { ballot } });
    const bob = await connect({ name: 'bob' });
    alice.emit('vote');
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(`bob got "leak" ('yes')`);
  });

  for (const [way, listen] of Object.entries(ways)) {
    test(`an asynchronous listener that \`${way}\` adds later is in flight`, async ({ connect }) => {
      const alice = await connect();
      listen(alice.socket);
      const bob = await connect({ name: 'bob' });
      alice.emit('vote');
      await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(`bob got "leak" ('yes')`);
    });
  }

  test('an asynchronous listener of `connect` is in flight', async ({ connect }) => {
    const bob = await connect({ name: 'bob' });
    const alice = await connect();
    const onConnect = (): unknown => delay(30).then(() => alice.socket.emit('leak', 'late'));
    alice.socket.on('connect', onConnect);
    await alice.disconnect();
    alice.socket.connect();
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(`bob got "leak" ('late')`);
  });

  test('a listener that never settles is in flight until its client disconnects', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice', on: { ballot: () => new Promise(() => {}) } });
    alice.emit('vote');
    await expect(app.settle({ timeout: 100 })).rejects.toThrow('the listener of "ballot" for alice');
    await alice.disconnect();
    await app.settle();
  });

  test('a listener that never settles is in flight no longer when its client disconnects instead of reconnecting', async ({
    app,
    connect,
  }) => {
    const never = (): Promise<void> => new Promise(() => {});
    const alice = await connect({ name: 'alice', reconnection: true, reconnectionDelay: 1_000, on: { ballot: never } });
    alice.emit('vote');
    await expect.poll(() => app.activity.work.some(({ what }) => what.startsWith('the listener'))).toBe(true);
    alice.socket.io.engine.close();
    await alice.disconnect();
    await app.settle();
  });

  test('an assertion takes one of two equal events that arrive together', async ({ connect }) => {
    const alice = await connect({ name: 'alice', on: { leak: async () => {} } });
    alice.emit('twice');
    await assertThat(alice).toReceive('leak', 'one');
    await expect(assertThat(alice).not.toReceive('leak')).rejects.toThrow(`alice got "leak" ('one')`);
  });

  test('`once` adds a listener for one event, and `off` removes it', async ({ connect }) => {
    const alice = await connect();
    const heard: string[] = [];
    const first = (text: string): void => void heard.push(text);
    const never = (): void => void heard.push('never');
    alice.socket.once('leak', first).once('leak', never).off('leak', never);
    expect(alice.socket.listeners('leak')).toHaveLength(1);
    alice.emit('leak', 'one');
    alice.emit('leak', 'two');
    await assertThat(alice).toReceiveInOrder(['leak', 'one'], ['leak', 'two']);
    expect(heard).toEqual(['one']);
  });
});

plainTest('leaves no manager behind that a socket of the test would share', async () => {
  await using app = await startTestApp(WebsocketModule);
  expect(app.port).toBeGreaterThan(0);
  const own = io('http://localhost/chat', { autoConnect: false });
  expect(own.io.reconnection()).toBe(true);
});

plainTest('a dozen namespaces on one connection make Node warn of no leak', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  try {
    await using app = await startTestApp(WebsocketModule);
    app.io.of(/^\/n\d+$/);
    const alice = await app.connect();
    for (let number = 1; number <= 12; number += 1) await app.connect({ namespace: `/n${number}`, connection: alice });
    await app.close();
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
  }
});
