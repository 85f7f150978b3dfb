import { openLink, startTestApp, startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';
import { test } from '../integration/support/redis.js';
import { startBuiltChat } from './support/built-chat.js';

const reconnecting = { reconnection: true, reconnectionDelay: 1, reconnectionDelayMax: 50 };

test('a crowd is spread over the nodes of a cluster, and each client hears the others', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl } });
  const alice = await cluster.connect({ name: 'alice', node: 0 });
  const crowd = await cluster.connectMany(60);
  expect(cluster.nodes.map(({ io }) => io.sockets.sockets.size)).toEqual([21, 20, 20]);
  await crowd.emitWithAck('join', 'lobby');
  for (let round = 0; round < 5; round += 1) {
    alice.emit('say', `message ${round}`);
    await expect(crowd).toReceiveTimes(1, 'said', `message ${round}`);
    await expect(crowd).not.toReceive('said');
  }
  const ofOne = await cluster.connectMany(10, { node: 2 });
  expect(cluster.nodes.map(({ io }) => io.sockets.sockets.size)).toEqual([21, 20, 30]);
  await expect(ofOne).not.toReceive('said');
});

describe.each(['apps', 'processes'])('with nodes that are %s', (nodes) => {
  test('settle() waits for what is on a slow way to a crowd, and from it', async ({ redisUrl }) => {
    const options = { nodes: 1, redis: { url: redisUrl } };
    await using cluster = await (nodes === 'apps'
      ? startTestCluster(ChatModule, options)
      : startBuiltChat(redisUrl, options));
    await using link = await openLink(cluster.nodes[0]!.url);
    const alice = await cluster.connect();
    const crowd = await cluster.connectMany(10, { through: link });
    const times = (): number[] => crowd.received('announced').map((events) => events.length);
    await link.latency(200, { stream: 'downstream' });
    alice.emit('announce', 'slowly');
    await cluster.settle();
    expect(times()).toEqual(crowd.ids.map(() => 1));
    await link.heal();
    await link.latency(200, { stream: 'upstream' });
    crowd.slice(0, 1).emit('announce', 'slowly');
    await cluster.settle();
    expect(times()).toEqual(crowd.ids.map(() => 2));
    await crowd.disconnect();
  });
});

test.for(['close', 'terminate', 'kill'] as const)(
  'a node that ends by %s() disconnects its own clients of a crowd',
  async (end, { redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 2, redis: { url: redisUrl } });
    const crowd = await cluster.connectMany(20);
    await cluster.nodes[1]![end]();
    await cluster.settle();
    expect(crowd.connected).toBe(10);
    await crowd.slice(0, 1).emitWithAck('echo', 'still here');
  },
);

describe('a crowd of a cluster of built servers', () => {
  test('each client receives an event exactly once, and a negative waits for the processes', async ({ redisUrl }) => {
    await using cluster = await startBuiltChat(redisUrl, { nodes: 2 });
    const alice = await cluster.connect({ name: 'alice' });
    const crowd = await cluster.connectMany(60, { auth: (index) => ({ name: index }) });
    expect(crowd.received('welcome')).toEqual(Array.from({ length: 60 }, (_, index) => [[index]]));
    const members = crowd.slice(0, 40);
    expect(await members.emitWithAck('join', 'lobby')).toEqual(Array.from({ length: 40 }, () => 'lobby'));
    for (let round = 1; round <= 20; round += 1) {
      alice.emit('say-late', { room: 'lobby', text: round, after: 10 });
      await expect(crowd.slice(40)).not.toReceive('said');
      expect(members.received('said').every((events) => events.length === round)).toBe(true);
    }
    alice.emit('say', { room: 'lobby', text: 'all' });
    await expect(cluster.room('lobby')).toBeAllWhoReceive('said', 'all');
    expect(cluster.timeline.print()).toMatch(
      /node 0 {2}crowd \(60 clients\) ← "said" \('all'\) ×20 {2}← alice's "say"/,
    );
  });

  test('it leaves with every handleDisconnect done, and its refusals count', async ({ redisUrl }) => {
    await using cluster = await startBuiltChat(redisUrl, { nodes: 2, refusals: 'fail' });
    const crowd = await cluster.connectMany(20, { node: 1 });
    const answers = await crowd.emitWithAck('fail');
    expect(answers[3]).toMatchObject({ status: 'error' });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const { ids } = crowd;
    await crowd.disconnect();
    const { lines } = cluster.nodes[1]!;
    expect(ids.filter((id) => lines.some((line) => line.includes(`Left: ${id}`)))).toHaveLength(20);
    await expect(cluster.connectMany(3, { auth: { banned: true } })).rejects.toThrow('clients 0, 1, 2');
    await using app = await startTestApp(ChatModule);
    await expect(cluster.connect({ through: app, timeout: 300 })).rejects.toThrow(
      'connected to no node of this cluster',
    );
  });

  test('clients behind a balancer stay exact when they come back on another node', async ({ redisUrl }) => {
    await using cluster = await startBuiltChat(redisUrl, { nodes: 2 });
    await using balancer = await cluster.startBalancer();
    const options = [{ transports: ['polling' as const] }, {}, {}];
    const [alice, bob, carol] = await Promise.all(
      options.map((one) => cluster.connect({ ...one, ...reconnecting, through: balancer })),
    );
    await cluster.nodes[0]!.terminate();
    await cluster.settle();
    await Promise.all([alice!, bob!].map((client) => client.emitWithAck('join', 'lobby')));
    for (let round = 1; round <= 20; round += 1) {
      bob!.emit('say', { room: 'lobby', text: round });
      await expect(carol!).not.toReceive('said');
      expect(alice!.received('said')).toHaveLength(round);
    }
  });
});

// It starts seven processes.
const timeout = 180_000;

test(
  'a rolling deploy loses no client: each comes back, and receives a broadcast once',
  { timeout },
  async ({ redisUrl }) => {
    await using cluster = await startBuiltChat(redisUrl, { nodes: 3, timeout: 20_000 });
    await using balancer = await cluster.startBalancer();
    const alice = await cluster.connect({ ...reconnecting, name: 'alice', through: balancer });
    const crowd = await cluster.connectMany(300, { ...reconnecting, through: balancer });
    await alice.next('welcome');

    const deployment = { isOver: false };
    const announcing = (async () => {
      for (let number = 1; !deployment.isOver; number += 1) {
        try {
          alice.emit('announce', number);
          await alice.emitWithAck('say-late', { room: 'nobody', after: 500 });
        } catch {
          // Her node has ended. The next one welcomes her.
          await alice.next('welcome');
        }
      }
    })();
    const exits = await cluster.rollingRestart({ env: { VERSION: '2' } });
    deployment.isOver = true;
    await announcing;
    await cluster.settle();

    expect(exits.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(crowd.connected).toBe(300);
    expect(new Set(await crowd.emitWithAck('version'))).toEqual(new Set(['2']));
    for (const events of crowd.received('announced')) expect(new Set(events.flat()).size).toBe(events.length);
    alice.emit('announce', 'deployed');
    await expect(crowd).toReceiveTimes(1, 'announced', 'deployed');
  },
);
