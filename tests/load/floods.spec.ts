import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { quantileSorted } from 'simple-statistics';
import { expect, test } from 'vitest';
import { start } from './support/process.js';

const MB = 1024 * 1024;

/**
 * How long the acks of a well-behaved client may take beside all that, in milliseconds. On a quiet machine with two cores
 * it is less than 50; a busy one, where this process has to wait for its turn as well, is given more.
 */
const P99 = 150;

/** Whether something is still going on. */
function watch(during: Promise<unknown>): { readonly isOver: boolean } {
  const progress = { isOver: false };
  const end = (): void => {
    progress.isOver = true;
  };
  during.then(end, end);
  return progress;
}

/** Measures how long a client's acks take as long as something goes on. */
async function latencies(client: Socket, during: Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  const progress = watch(during);
  while (!progress.isOver) {
    const began = performance.now();
    await client.timeout(10_000).emitWithAck('echo', 1);
    taken.push(performance.now() - began);
    await delay(5);
  }
  await during;
  return taken.toSorted((one, other) => one - other);
}

const attacks: [name: string, command: string, count: number, outcome: unknown][] = [
  [
    '2,000 connections from one address',
    'connections',
    2_000,
    expect.toSatisfy((admitted: number) => admitted <= 500),
  ],
  [
    '200,000 messages on one connection',
    'messages',
    200_000,
    expect.objectContaining({ disconnected: true }),
  ],
  ['100,000 unknown namespaces', 'namespaces', 100_000, expect.objectContaining({ disconnected: true })],
  [
    '20,000 polling sessions with a bad packet',
    'badPolling',
    20_000,
    expect.toSatisfy((admitted: number) => admitted < 5_000),
  ],
];

test.for(attacks)(
  '%s: a bystander is served, and nothing stays',
  { timeout: 120_000 },
  async ([name, command, count, outcome]) => {
    await using server = await start('server.js', [], { LOG: 'quiet' });
    await using attacker = await start('attacker.js', [String(server.greeting)]);
    const bystander = io(`http://127.0.0.1:${String(server.greeting)}`, {
      transports: ['websocket'],
      localAddress: '127.0.0.9',
    } as object);
    try {
      await latencies(bystander, delay(500));
      const before = await server.ask<number>('heap');
      const attack = attacker.ask(command, count);
      const taken = await latencies(bystander, attack);
      const p99 = quantileSorted(taken, 0.99);
      expect(await attack).toEqual(outcome);
      expect(bystander.connected).toBe(true);
      while ((await server.ask<number>('connected')) > 1) await delay(50);
      const kept = (await server.ask<number>('heap')) - before;
      console.log(
        `${name}: a bystander's ack took ${quantileSorted(taken, 0.5).toFixed(1)} ms (median), ${p99.toFixed(1)} (p99), ` +
          `${taken.at(-1)!.toFixed(1)} (most) of ${taken.length}; ${(kept / MB).toFixed(2)} MB more heap`,
      );
      expect(p99).toBeLessThan(P99);
      expect(kept).toBeLessThan(5 * MB);
    } finally {
      bystander.disconnect();
    }
  },
);

test(
  'a client that does not read 200 MB of broadcasts is let go, and others have it all',
  { timeout: 120_000 },
  async () => {
    await using server = await start('server.js', [], { LOG: 'quiet' });
    await using attacker = await start('attacker.js', [String(server.greeting)]);
    const reader = io(`http://127.0.0.1:${String(server.greeting)}`, { transports: ['websocket'] });
    try {
      let received = 0;
      reader.on('bulk', (text: string) => (received += text.length));
      await reader.timeout(10_000).emitWithAck('echo', 1);
      await attacker.ask('notReading');
      expect(await server.ask('connected')).toBe(2);
      const before = await server.ask<number>('rss');
      let most = 0;
      const sending = server.ask('broadcastMegabytes', 200);
      const progress = watch(sending);
      while (!progress.isOver) {
        most = Math.max(most, await server.ask<number>('rss'));
        await delay(20);
      }
      await expect.poll(() => server.ask('connected'), { timeout: 10_000 }).toBe(1);
      await expect.poll(() => received, { timeout: 30_000 }).toBe(200 * MB);
      console.log(
        `200 MB of broadcasts beside a client that does not read: ${((most - before) / MB).toFixed(0)} MB more memory at most`,
      );
      expect(most - before).toBeLessThan(150 * MB);
    } finally {
      reader.disconnect();
    }
  },
);
