import {
  atMostOnce,
  everyMember,
  HistoryError,
  onlyMembers,
  orderPerSender,
  startTestApp,
  startTestCluster,
  wholeRecovery,
  type WorldTransport,
} from 'nest-realtime-kit/testing';
import { describe, expect } from 'vitest';
import { faults, rooms, roomsModule, type Fault } from './support/history/rooms.js';
import { test } from '../integration/support/redis.js';

const all = [atMostOnce(), orderPerSender(), onlyMembers(), everyMember(), wholeRecovery()];

/** By `WORLDS=whole` 20 runs with each fault, and 500 without one. */
const isWhole = process.env['WORLDS'] === 'whole';
const seeds = (whole: number, few: number): number[] =>
  Array.from({ length: isWhole ? whole : few }, (_, run) => run + 1);

const recovery = { connectionStateRecovery: {} };
const lively = { ...rooms, pace: 1, steps: 150 };
/** So many that the fault comes often, to clients that stay until the end too. */
const long = { ...lively, steps: 300 };

describe.concurrent('a right app passes', () => {
  const RecoveringModule = roomsModule(recovery);

  test.concurrent.for(seeds(200, 1))('with recovered connections, seed %i', async (seed) => {
    await using app = await startTestApp(RecoveringModule);
    const work = await app.workload({ ...lively, seed });
    await work.done;
    const { recoveries, receipts } = await app.history.check(...all);
    expect(recoveries).toBeGreaterThan(0);
    expect(receipts).toBeGreaterThan(50);
  });

  test.concurrent.for(['polling', 'upgrade'] as WorldTransport[])('over %s', async (transport) => {
    const transports: ('polling' | 'websocket')[] = transport === 'polling' ? ['polling'] : ['polling', 'websocket'];
    await using app = await startTestApp(RecoveringModule, { client: { transports } });
    const work = await app.workload({ ...lively, pace: 5, seed: 1 });
    await work.done;
    await app.history.check(...all);
  });

  test.concurrent.for(seeds(300, 1))('as a cluster of three, seed %i', async (seed, { redisUrl }) => {
    await using cluster = await startTestCluster(roomsModule(), { nodes: 3, redis: { url: redisUrl } });
    const work = await cluster.workload({ ...lively, clients: 12, seed });
    await work.done;
    const { receipts, disconnections } = await cluster.history.check(...all);
    expect(receipts).toBeGreaterThan(50);
    expect(disconnections).toBeGreaterThan(0);
  });

  test.concurrent.for(seeds(20, 1))('as a cluster that loses a node, seed %i', async (seed, { redisUrl }) => {
    await using cluster = await startTestCluster(roomsModule(), { nodes: 3, redis: { url: redisUrl }, timeout: 1_500 });
    const work = await cluster.workload({ ...lively, clients: 12, seed });
    await work.reached(70);
    await cluster.nodes[2]!.close();
    await work.done;
    await cluster.history.check(atMostOnce(), orderPerSender(), onlyMembers(), wholeRecovery());
  });
});

describe.concurrent.each(Object.entries(faults) as [Fault, string][])(
  'a gateway that %s breaks %s',
  (fault, guarantee) => {
    async function expectBroken(checking: Promise<unknown>): Promise<void> {
      const error: unknown = await checking.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HistoryError);
      expect((error as HistoryError).guarantees).toContain(guarantee);
    }

    test.concurrent.for(seeds(20, 1))('seed %i', async (seed) => {
      await using app = await startTestApp(roomsModule(guarantee === 'wholeRecovery' ? recovery : {}, fault));
      const work = await app.workload({ ...long, seed });
      await work.done;
      await expectBroken(app.history.check(...all));
    });

    if (guarantee === 'wholeRecovery') return;

    test.concurrent.for(seeds(20, 1))('in a cluster of three, seed %i', async (seed, { redisUrl }) => {
      await using cluster = await startTestCluster(roomsModule({}, fault), { nodes: 3, redis: { url: redisUrl } });
      const work = await cluster.workload({ ...long, clients: 12, seed });
      await work.done;
      await expectBroken(cluster.history.check(...all));
    });
  },
);
