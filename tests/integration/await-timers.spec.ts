import { execFile } from 'node:child_process';
import { setImmediate as immediate, setInterval as every, setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Module } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { SettleTimeoutError, assertThat, startTestApp, startTestCluster, worlds } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import { describe, expect, test as plainTest } from 'vitest';
import { test as redisTest } from './support/redis.js';

/** Starts work in every handler, and awaits it in none; each piece emits `done` when it is through. */
@WebSocketGateway()
class CarelessGateway {
  @WebSocketServer() private readonly server!: Server;
  private reminder: NodeJS.Timeout | undefined;
  /** What the app does by itself is nobody's work. */
  private readonly housekeeping = setInterval(() => {}, 20_000);

  handleConnection(client: Socket): void {
    const { name } = client.handshake.auth;
    if (name) setTimeout(() => this.done(`hello ${name}`), 60);
  }

  handleDisconnect(client: Socket): void {
    const { name } = client.handshake.auth;
    if (name) setTimeout(() => this.done(`bye ${name}`), 60);
  }

  @SubscribeMessage('timeout')
  timeout(): void {
    setTimeout(() => this.done('timeout'), 60);
  }

  @SubscribeMessage('timeout of timers/promises')
  promised(): void {
    void delay(60).then(() => this.done('timeout of timers/promises'));
  }

  @SubscribeMessage('immediate')
  immediate(): void {
    setImmediate(() => this.done('immediate'));
  }

  @SubscribeMessage('immediate of timers/promises')
  promisedImmediate(): void {
    void immediate().then(() => this.done('immediate of timers/promises'));
  }

  @SubscribeMessage('timers in timers')
  nested(): void {
    setTimeout(() => setImmediate(() => setTimeout(() => this.done('timers in timers'), 30)), 30);
  }

  @SubscribeMessage('promises after a timer')
  chain(): void {
    const work = async (): Promise<void> => {
      await delay(30);
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      this.done('promises after a timer');
    };
    void work();
  }

  @SubscribeMessage('a timer that is begun again')
  refreshed(): void {
    let left = 3;
    const timer = setTimeout(() => {
      if ((left -= 1) > 0) timer.refresh();
      else this.done('a timer that is begun again');
    }, 20);
  }

  @SubscribeMessage('an interval that is stopped')
  stopped(): void {
    let left = 3;
    const timer = setInterval(() => {
      if ((left -= 1) > 0) return;
      clearInterval(timer);
      this.done('an interval that is stopped');
    }, 20);
  }

  @SubscribeMessage('an interval of timers/promises that is left')
  async left(): Promise<void> {
    const work = async (): Promise<void> => {
      let ticks = 3;
      for await (const _tick of every(20)) if ((ticks -= 1) === 0) break;
      this.done('an interval of timers/promises that is left');
    };
    void work();
  }

  @SubscribeMessage('a question that nobody answers')
  ask(@ConnectedSocket() client: Socket): void {
    client.timeout(60).emit('question', () => this.done('a question that nobody answers'));
  }

  @SubscribeMessage('ask all')
  askAll(): void {
    this.server.timeout(20_000).emit('poll', () => this.done('ask all'));
  }

  @SubscribeMessage('remind')
  remind(): void {
    this.reminder = setTimeout(() => this.done('remind'), 20_000);
  }

  @SubscribeMessage('forget')
  forget(): void {
    clearTimeout(this.reminder);
  }

  @SubscribeMessage('forget later')
  forgetLater(): void {
    setTimeout(() => setImmediate(() => clearTimeout(this.reminder)), 30);
  }

  /** Clears the reminder outside of everything that a client has caused. */
  sweep(): void {
    setTimeout(() => clearTimeout(this.reminder), 30);
  }

  @SubscribeMessage('unref')
  unref(): void {
    setTimeout(() => this.done('unref'), 20_000).unref();
    void delay(20_000, undefined, { ref: false });
  }

  @SubscribeMessage('tick')
  tick(): void {
    clearInterval(this.reminder);
    this.reminder = setInterval(() => {}, 10);
  }

  onModuleDestroy(): void {
    clearInterval(this.reminder);
    clearInterval(this.housekeeping);
  }

  private done(what: string): void {
    this.server.emit('done', what);
  }
}

@Module({ providers: [CarelessGateway] })
class CarelessModule {}

/** What is begun and not awaited, by the event that begins it. */
const begun = [
  'timeout',
  'timeout of timers/promises',
  'immediate',
  'immediate of timers/promises',
  'timers in timers',
  'promises after a timer',
  'a timer that is begun again',
  'an interval that is stopped',
  'an interval of timers/promises that is left',
  'a question that nobody answers',
];

describe.each(worlds({ transports: ['websocket', 'polling', 'upgrade'] }))('over $name', ({ options }) => {
  const test = realtimeTest(CarelessModule, { ...options, awaitTimers: true });

  for (const event of begun) {
    test(`settle() waits for ${event}`, async ({ app, connect }) => {
      const [alice, bob] = await connect(2);
      alice.emit(event);
      await app.settle();
      expect(bob.received('done')).toEqual([[event]]);
    });
  }

  test('settle() waits for timers that the hooks start', async ({ app, connect }) => {
    const bob = await connect();
    const alice = await connect({ auth: { name: 'alice' } });
    await app.settle();
    expect(bob.received('done')).toEqual([['hello alice']]);
    await alice.disconnect();
    await app.settle();
    expect(bob.received('done')).toEqual([['hello alice'], ['bye alice']]);
  });

  test('a negative assertion fails on an event that a timer emits', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    alice.emit('timers in timers');
    await expect(assertThat(bob).not.toReceive('done')).rejects.toThrow(`"done" ('timers in timers')`);
  });
});

describe('settle() does not wait for', () => {
  const test = realtimeTest(CarelessModule, { awaitTimers: true, timeout: 1_000 });

  test('a timer that the client has cleared', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    alice.emit('remind');
    alice.emit('forget');
    await app.settle();
    alice.emit('remind');
    alice.emit('forget later');
    await app.settle();
    expect(bob.received('done')).toEqual([]);
  });

  test('a timer that other code clears while settle() waits', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('remind');
    app.get(CarelessGateway).sweep();
    await app.settle();
  });

  test('timers that do not keep the process alive', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('unref');
    await app.settle();
  });

  test('timers of another app', async ({ app, connect }) => {
    await using other = await startTestApp(CarelessModule, { awaitTimers: true });
    const bob = await other.connect();
    bob.emit('remind');
    await expect(other.settle({ timeout: 50 })).rejects.toThrow(SettleTimeoutError);
    const alice = await connect();
    alice.emit('timeout');
    await app.settle();
    expect(alice.received('done')).toEqual([['timeout']]);
  });

  test('timers when it is called with awaitTimers: false', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('remind');
    await app.settle({ awaitTimers: false });
    await expect(app.settle({ timeout: 50 })).rejects.toThrow('setTimeout of 20000 ms');
  });

  redisTest('timers that the Redis adapter starts for itself', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(CarelessModule, {
      redis: { url: redisUrl },
      awaitTimers: true,
    });
    const on = { poll: (answer: () => void) => answer() };
    const alice = await cluster.connect({ on });
    const bob = await cluster.connect({ on });
    alice.emit('ask all');
    await cluster.settle();
    expect(bob.received('done')).toEqual([['ask all']]);
    alice.emit('timeout');
    await cluster.settle();
    expect(bob.received('done')).toEqual([['ask all'], ['timeout']]);
  });
});

describe('at its deadline settle() names', () => {
  const test = realtimeTest(CarelessModule, { awaitTimers: true });

  test('a timer, and the event that started it', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice' });
    alice.emit('remind');
    await expect(app.settle({ timeout: 50 })).rejects.toThrow(
      /still in flight:\s+setTimeout of 20000 ms, begun by alice's "remind", running for \d+ ms$/,
    );
  });

  test('an interval, with the note that it does not end by itself', async ({ app, connect }) => {
    const alice = await connect({ name: 'alice' });
    alice.emit('tick');
    const settling = app.settle({ timeout: 50 });
    await expect(settling).rejects.toThrow(`setInterval of 10 ms, begun by alice's "tick"`);
    await expect(settling).rejects.toThrow('note: An interval does not end by itself');
  });
});

plainTest('settle() ignores timers by default, unless it is called with awaitTimers: true', async () => {
  await using app = await startTestApp(CarelessModule);
  const alice = await app.connect();
  alice.emit('timeout');
  await app.settle();
  expect(alice.received('done')).toEqual([]);
  await app.settle({ awaitTimers: true });
  expect(alice.received('done')).toEqual([['timeout']]);
});

plainTest(
  'settle() sees the end of a timer in a process where nothing else happens',
  async () => {
    const script = fileURLToPath(new URL('support/silent-timer.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
    expect(stdout).toBe('settled\n');
  },
  15_000,
);
