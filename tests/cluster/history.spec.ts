import {
  atMostOnce,
  everyMember,
  HistoryError,
  onlyMembers,
  orderPerSender,
  startTestApp,
  startTestCluster,
  wholeRecovery,
  type TestClient,
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

describe.concurrent('Socket.IO does not promise', () => {
  /** A join has its ack before Redis has the node's subscription to the room. */
  test('everyMember over redis-sharded, for what is said just after the ack of a join', async ({ redisUrl }) => {
    const options = { nodes: 2, redis: { url: redisUrl }, adapter: 'redis-sharded' } as const;
    await using cluster = await startTestCluster(roomsModule(), options);
    const { say, join } = cluster.history.record(rooms);
    const alice = await cluster.connect({ name: 'alice', node: 0 });
    const bob = await cluster.connect({ name: 'bob', node: 1 });
    await cluster.nodes[1]!.redisLink!.latency(200, { stream: 'upstream' });
    await join(bob, 'lobby');
    say(alice, 'lobby', 'early');
    await cluster.settle();
    say(alice, 'lobby', 'late');
    await expect(cluster.history.check(everyMember())).rejects.toThrow(
      "everyMember does not hold: bob did not get 'early'",
    );
  });

  /**
   * A node delivers what its own clients say before it has read what was said before on other nodes. So the last offset
   * that a client gets may not be the highest, and the highest may have a gap before it.
   */
  test('atMostOnce and wholeRecovery over redis-streams, for what is said on two nodes at once', async ({
    redisUrl,
  }) => {
    const options = { nodes: 2, redis: { url: redisUrl }, adapter: 'redis-streams' } as const;
    await using cluster = await startTestCluster(roomsModule(recovery), options);
    const { say, join } = cluster.history.record(rooms);
    const member = async (name: string, node: number): Promise<TestClient> => {
      const reconnecting = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 };
      const client = await cluster.connect({ name, node, ...reconnecting });
      await join(client, 'lobby');
      return client;
    };
    const [alice, erin] = [await member('alice', 0), await member('erin', 0)];
    const [bob, carol, dave] = [await member('bob', 1), await member('carol', 1), await member('dave', 1)];
    const { redisLink } = cluster.nodes[1]!;
    await redisLink!.bandwidth(50_000, { stream: 'downstream' });
    const one = `one ${'.'.repeat(20_000)}`;
    say(alice, 'lobby', one);
    await erin.next('said');
    say(carol, 'lobby', 'two');
    expect(await bob.next('said')).toEqual([{ text: 'two' }]);
    await bob.link.cut();
    expect(await dave.next('said')).toEqual([{ text: 'two' }]);
    expect(await dave.next('said')).toEqual([{ text: one }]);
    await redisLink!.heal();
    await bob.link.heal();
    dave.socket.io.engine.close();
    const checked: unknown = await cluster.history.check(...all).catch((error: unknown) => error);
    expect(checked).toMatchObject({ guarantees: ['atMostOnce', 'wholeRecovery'] });
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
