import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Module, Post } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { SettleTimeoutError, startTestApp, type ConnectOptions } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { NEVER, concat, delay as delayed, interval, of, take, map, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { describe, expect } from 'vitest';

/** Everything here emits `done` when it is through, and not before. */
@WebSocketGateway()
class SlowGateway {
  @WebSocketServer() private readonly server!: Server;

  handleConnection(client: Socket): void {
    client.use(([event], next) => {
      if (event === 'held') setTimeout(next, 60);
      else if (event !== 'swallowed') next();
    });
    client.on('raw', () => this.server.emit('done', 'raw'));
  }

  async handleDisconnect(client: Socket): Promise<void> {
    await delay(60);
    this.server.emit('done', `bye ${client.handshake.auth.name}`);
  }

  @SubscribeMessage('slow')
  async slow(): Promise<void> {
    await delay(150);
    this.server.emit('done', 'slow');
  }

  @SubscribeMessage('held')
  held(): void {
    this.server.emit('done', 'held');
  }

  @SubscribeMessage('stream')
  stream(): Observable<object> {
    const ticks = interval(20).pipe(
      take(3),
      map((tick) => ({ event: 'tick', data: tick })),
    );
    return concat(ticks, of({ event: 'done', data: 'stream' }).pipe(delayed(20)));
  }

  @SubscribeMessage('endless')
  endless(): Observable<object> {
    return concat(of({ event: 'tick', data: 0 }), NEVER);
  }

  @SubscribeMessage('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }

  /** A conversation: each side answers the other's message with one of its own. */
  @SubscribeMessage('ping-pong')
  async pingPong(@ConnectedSocket() client: Socket, @MessageBody() rounds: number): Promise<void> {
    if (rounds > 0) client.emit('pong', rounds);
    else this.server.emit('done', 'ping-pong');
  }

  @SubscribeMessage('ask')
  async ask(@ConnectedSocket() client: Socket): Promise<void> {
    const answer: unknown = await client.timeout(1_000).emitWithAck('question');
    this.server.emit('done', answer);
  }
}

@Controller()
class SlowController {
  constructor(private readonly gateway: SlowGateway) {}

  @Post('slow')
  async slow(): Promise<void> {
    await this.gateway.slow();
  }
}

@Module({ controllers: [SlowController], providers: [SlowGateway] })
class SlowModule {}

const test = realtimeTest(SlowModule, { scope: 'file' });

const worlds: Record<string, ConnectOptions['transports']> = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

for (const [world, transports] of Object.entries(worlds)) {
  describe(`settle() waits over ${world} for`, () => {
    for (const event of ['slow', 'held', 'stream', 'raw']) {
      test(`the work of the event "${event}"`, async ({ app, connect }) => {
        const [alice, bob] = await connect(2, { transports });
        alice.emit(event);
        await app.settle();
        expect(bob.received('done').concat(alice.received('done'))).toContainEqual([event]);
      });
    }

    test('every round of a conversation', async ({ app, connect }) => {
      const alice = await connect({ transports });
      alice.socket.on('pong', (rounds: number) => alice.emit('ping-pong', rounds - 1));
      alice.emit('ping-pong', 5);
      await app.settle();
      expect(alice.received('done')).toEqual([['ping-pong']]);
    });

    test('the ack of a client to an event of the server', async ({ app, connect }) => {
      const alice = await connect({
        transports,
        on: { question: (answer: (value: number) => void) => answer(42) },
      });
      alice.emit('ask');
      await app.settle();
      expect(alice.received('done')).toEqual([[42]]);
    });

    test('the handleDisconnect of a client that just left', async ({ app, connect }) => {
      const [alice, bob] = [await connect({ transports, auth: { name: 'alice' } }), await connect({ transports })];
      alice.socket.disconnect();
      await app.settle();
      expect(bob.received('done')).toEqual([['bye alice']]);
    });

    test('the disconnect of a client that the server closes', async ({ app, connect }) => {
      const alice = await connect({ transports });
      app.io.disconnectSockets(true);
      await app.settle();
      expect(alice.connected).toBe(false);
    });

    test('an HTTP request', async ({ app, connect }) => {
      const alice = await connect({ transports });
      const response = fetch(`${app.url}/slow`, { method: 'POST' });
      await expect.poll(() => app.activity.work.map(({ what }) => what)).toContain('POST /slow');
      await app.settle();
      expect(alice.received('done')).toEqual([['slow']]);
      await response;
    });
  });
}

test('settle() waits for an event 100 times in a row', async ({ app, connect }) => {
  const [alice, bob] = await connect(2);
  for (let round = 1; round <= 100; round += 1) {
    alice.emit('raw');
    await app.settle();
    expect(bob.received('done')).toHaveLength(round);
  }
});

describe('settle() at its deadline', () => {
  test('names a handler that hangs, and its client', async () => {
    const app = await startTestApp(SlowModule);
    const alice = await app.connect({ name: 'alice' });
    alice.emit('hang');
    const settling = app.settle({ timeout: 100 });
    await expect(settling).rejects.toThrow(SettleTimeoutError);
    await expect(settling).rejects.toThrow(
      /within 100 ms\.\n {2}still in flight:\n {4}handler of "hang" for alice, running for \d+ ms/,
    );
    await app.close();
  });

  test('names an event that a middleware holds', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice' });
    alice.emit('swallowed');
    await expect(app.settle({ timeout: 100 })).rejects.toThrow('socket.use for "swallowed" for alice');
  });

  test('names an open stream, unless ignoreOpenStreams is set', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice' });
    alice.emit('endless');
    await expect(app.settle({ timeout: 100 })).rejects.toThrow(
      /what the handler of "endless" returned for alice, open for \d+ ms\n {2}note: .*ignoreOpenStreams/,
    );
    await app.settle({ ignoreOpenStreams: true });
    expect(alice.received('tick')).toEqual([[0]]);
  });
});
