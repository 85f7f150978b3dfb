import type { IncomingMessage, ServerResponse } from 'node:http';
import { startTestCluster, type AppModule, type TestClient } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule, PlainChatModule } from '../integration/support/chat.js';
import { test } from '../integration/support/redis.js';

const polling = { transports: ['polling' as const] };
const upgrading = { transports: ['polling' as const, 'websocket' as const] };

describe.each<[string, AppModule]>([
  ['WebsocketModule', ChatModule],
  ["Nest's own adapter", PlainChatModule],
])('with %s', (_kind, module) => {
  test('clients that poll need a sticky balancer', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(module, { nodes: 2, redis: { url: redisUrl } });
    await using balancer = await cluster.startBalancer({ sticky: false });
    await expect(cluster.connect({ ...polling, through: balancer })).toBeRefused('Session ID unknown', {
      stage: 'handshake',
    });
    const alice = await cluster.connect({ through: balancer });
    await expect(alice).toReceive('welcome');

    await using sticky = await cluster.startBalancer();
    const bob = await cluster.connect({ ...polling, through: sticky });
    expect(await bob.emitWithAck('echo', 'hi')).toBe('hi');
  });

  test('clients behind a balancer are exact, whichever node they are on and however they connect', async ({
    redisUrl,
  }) => {
    await using cluster = await startTestCluster(module, { nodes: 2, redis: { url: redisUrl } });
    await using balancer = await cluster.startBalancer();
    const options = [polling, polling, upgrading, upgrading, {}, {}];
    const clients = await Promise.all(options.map((option) => cluster.connect({ ...option, through: balancer })));
    expect(cluster.nodes.map(({ io }) => io.sockets.sockets.size)).toEqual([3, 3]);
    const [alice, carol, ...others] = clients as [TestClient, TestClient, ...TestClient[]];
    await Promise.all([alice, ...others].map((client) => client.emitWithAck('join', 'lobby')));
    for (let round = 0; round < 20; round += 1) {
      alice.emit('say', `message ${round}`);
      await expect(carol).not.toReceive('said');
      for (const other of others) expect(other.received('said')).toHaveLength(round + 1);
    }
    expect(new Set(clients.map(({ id }) => nodeOf(cluster.timeline.entries, id)))).toEqual(new Set([0, 1]));
  });
});

/** The node that has accepted a client. */
function nodeOf(entries: readonly { kind: string; node?: number; id?: string }[], id: string): number | undefined {
  return entries.find((entry) => entry.kind === 'connected' && entry.id === id)?.node;
}

test('a client upgrades to a WebSocket on the node that has its session', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl } });
  await using balancer = await cluster.startBalancer();
  const clients: TestClient[] = [];
  while (clients.length < 6) clients.push(await cluster.connect({ ...upgrading, through: balancer }));
  await expect.poll(() => clients.map(({ transport }) => transport)).toEqual(clients.map(() => 'websocket'));
  await cluster.settle();
  expect(cluster.nodes.map(({ io }) => io.sockets.sockets.size)).toEqual([2, 2, 2]);
});

test('a balancer sends new sessions to the nodes that are left, and clients come back there', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 2, redis: { url: redisUrl } });
  await using balancer = await cluster.startBalancer();
  const through = { through: balancer, reconnection: true, reconnectionDelay: 1, reconnectionDelayMax: 5 };
  const alice = await cluster.connect(through);
  const bob = await cluster.connect(through);
  const dave = await cluster.connect({ through: balancer });
  const first = alice.id;
  await cluster.nodes[0]!.close();
  await cluster.settle();
  expect([alice, bob, dave].map(({ connected }) => connected)).toEqual([true, true, false]);
  expect(alice.id).not.toBe(first);
  const carol = await cluster.connect({ ...polling, through: balancer });
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  for (let round = 0; round < 5; round += 1) {
    alice.emit('say', 'hi');
    await expect(carol).not.toReceive('said');
    expect(bob.received('said')).toHaveLength(round + 1);
  }
  expect(cluster.nodes[1]!.io.sockets.sockets.size).toBe(3);
});

test('a crowd connects through a balancer, and comes back on the other node', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 2, redis: { url: redisUrl } });
  await using balancer = await cluster.startBalancer();
  const crowd = await cluster.connectMany(40, {
    through: balancer,
    reconnection: true,
    reconnectionDelay: 1,
    reconnectionDelayMax: 5,
  });
  expect(cluster.nodes.map(({ io }) => io.sockets.sockets.size)).toEqual([20, 20]);
  await cluster.nodes[1]!.close();
  await cluster.settle();
  expect([crowd.connected, cluster.nodes[0]!.io.sockets.sockets.size]).toEqual([40, 40]);
  await crowd.slice(1).emitWithAck('join', 'lobby');
  crowd.slice(0, 1).emit('say', 'hi');
  await expect(crowd.slice(1)).toReceiveTimes(1, 'said', 'hi');
  await expect(crowd.slice(0, 1)).not.toReceive('said');
});

test('a proxy that leads to no node of the cluster is named', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 1, redis: { url: redisUrl } });
  await using other = await startTestCluster(ChatModule, { nodes: 1, redis: { url: redisUrl } });
  const [{ url }] = other.nodes as [(typeof other.nodes)[0]];
  await expect(cluster.connect({ through: { url } })).rejects.toThrow(
    `client-1 got connected through ${url}, but to no node of this cluster.`,
  );
  await expect(cluster.connect({ node: 0, through: { url } })).rejects.toThrow('Expected either node or through');
  await expect(cluster.connectMany(2, { through: { url } })).rejects.toThrow(
    'connected to another server than the app: 2: clients 0, 1',
  );
});

test('clients through a balancer are disconnected before it closes, and it closes with its cluster', async ({
  redisUrl,
}) => {
  const cluster = await startTestCluster(ChatModule, { nodes: 2, redis: { url: redisUrl } });
  const balancers = [await cluster.startBalancer(), await cluster.startBalancer()] as const;
  const alice = await cluster.connect({ ...polling, through: balancers[0] });
  const bob = await cluster.connect({ ...polling, through: balancers[1] });
  await balancers[0].close();
  expect([alice.connected, bob.connected]).toEqual([false, true]);
  expect(alice.serverDisconnectReason).toBe('client namespace disconnect');
  const { url } = balancers[1];
  await cluster.close();
  await expect(fetch(url)).rejects.toThrow();
});

test('a balancer forwards other requests as they are: bytes, streams and strange paths', async () => {
  const bytes = Buffer.from([0xff, 0xd8, 0xfe, 0x00]);
  let endStream: () => void = () => {};
  await using cluster = await startTestCluster(PlainChatModule, {
    nodes: 1,
    setup: (app) => {
      app.use('/picture', (_request: IncomingMessage, response: ServerResponse) => response.end(bytes));
      app.use('/stream', (_request: IncomingMessage, response: ServerResponse) => {
        response.write('first');
        endStream = () => response.end();
      });
    },
  });
  await using balancer = await cluster.startBalancer();
  const picture = await fetch(`${balancer.url}/picture`);
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(bytes);
  const stream = (await fetch(`${balancer.url}/stream`)).body!.getReader();
  expect(Buffer.from((await stream.read()).value ?? []).toString()).toBe('first');
  endStream();
  expect(await stream.read()).toMatchObject({ done: true });
  expect(await fetch(`${balancer.url}//`).then(({ status }) => status)).toBe(404);
});
