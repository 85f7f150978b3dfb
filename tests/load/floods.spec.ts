import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { median, quantileSorted } from 'simple-statistics';
import { expect, test } from 'vitest';
import { startCommanded, type CommandedProcess } from '../support/commanded-process.js';
import { watch } from './support/watch.js';
import { isWhole } from './support/whole.js';

const MB = 1024 * 1024;

/**
 * How long the acks of a well-behaved client may take beside all that, in milliseconds: three times what a quiet machine
 * with two cores is to hold.
 */
const P99 = 3 * 20;

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

interface Attack {
  readonly name: string;
  readonly command: string;
  readonly count: number;
  /** Of so many, the middle one counts: in a short one, what else the machine does weighs much. */
  readonly rounds?: number;
  /** What is to have come of it. */
  readonly outcome: unknown;
  /** Resolves when the server has dealt with it. */
  readonly isOver?: (server: CommandedProcess) => Promise<boolean>;
}

const attacks: Attack[] = [
  {
    name: '2,000 connections at once from one address, five times',
    command: 'connections',
    count: 2_000,
    rounds: 3,
    outcome: expect.toSatisfy((admitted: number) => admitted <= 500),
  },
  {
    name: '200,000 messages on one connection',
    command: 'messages',
    count: 200_000,
    outcome: { sent: 200_000, disconnected: false },
    isOver: async (server) => {
      const { handled, inOrder } = await server.ask<{ handled: number; inOrder: boolean }>('tally');
      expect(inOrder).toBe(true);
      return handled === 200_000;
    },
  },
  {
    name: '100,000 unknown namespaces',
    command: 'namespaces',
    count: 100_000,
    outcome: { disconnected: false },
  },
  {
    name: '20,000 polling sessions with a bad packet',
    command: 'badPolling',
    count: 20_000,
    // By the default of `limits.connectRate`.
    outcome: expect.toSatisfy((result: { admitted: number; seconds: number }) => {
      return result.admitted <= 250 + 50 * (result.seconds + 1);
    }),
  },
];

test.for(isWhole ? attacks : attacks.slice(0, 2))(
  '$name: a bystander is served in time, and less than 5 MB of heap stays',
  { timeout: 300_000 },
  async ({ name, command, count, rounds = 1, outcome, isOver }) => {
    await using server = await startCommanded(new URL('support/server.js', import.meta.url), [], { LOG: 'quiet' });
    await using attacker = await startCommanded(new URL('support/attacker.js', import.meta.url), [
      String(server.greeting),
    ]);
    const bystander = io(`http://127.0.0.1:${String(server.greeting)}`, {
      transports: ['websocket'],
      localAddress: '127.0.0.9',
    } as object);
    try {
      await latencies(bystander, delay(500));
      const before = await server.ask<number>('heap');
      const p99s: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const attack = attacker.ask<unknown>(command, count).then(async (result) => {
          await expect.poll(() => isOver?.(server) ?? true, { timeout: 60_000, interval: 20 }).toBe(true);
          return result;
        });
        const taken = await latencies(bystander, attack);
        const p99 = quantileSorted(taken, 0.99);
        p99s.push(p99);
        expect(await attack).toEqual(outcome);
        expect(bystander.connected).toBe(true);
        while ((await server.ask<number>('connected')) > 1) await delay(50);
        console.log(
          `${name}: a bystander's ack took ${quantileSorted(taken, 0.5).toFixed(1)} ms (median), ` +
            `${p99.toFixed(1)} (p99), ${taken.at(-1)!.toFixed(1)} (most) of ${taken.length}`,
        );
      }
      const kept = (await server.ask<number>('heap')) - before;
      console.log(`${name}: ${(kept / MB).toFixed(2)} MB more heap`);
      expect(median(p99s)).toBeLessThan(P99);
      expect(kept).toBeLessThan(5 * MB);
    } finally {
      bystander.disconnect();
    }
  },
);
