import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';
import { test } from '../integration/support/redis.js';

describe('a cluster of apps in this process', () => {
  test('terminate() drains a node while its clients are connected, and the others go on', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl } });
    const [alice, bob, carol] = await Promise.all([0, 1, 2].map((node) => cluster.connect({ node })));
    expect(await cluster.nodes[0]!.terminate()).toMatchObject({ code: 0, signal: null });
    await expect(alice!).toBeDisconnected();
    bob!.emit('announce', 'two are left');
    await expect(carol!).toReceive('announced', 'two are left');
    await expect(carol!).not.toReceive('announced');
  });

  test('kill() cuts a node off from its clients and from the other nodes', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl } });
    const [alice, bob, carol] = await Promise.all([0, 1, 2].map((node) => cluster.connect({ node })));
    expect(await cluster.nodes[0]!.kill()).toMatchObject({ code: null, signal: 'SIGKILL' });
    await expect(alice!).toBeDisconnected('transport close');
    bob!.emit('announce', 'two are left');
    await expect(carol!).toReceive('announced', 'two are left');
    await expect(carol!).not.toReceive('announced');
    expect(cluster.nodes.map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
    // A client that may be on any node is not on that one.
    for (let turn = 0; turn < 3; turn += 1) await cluster.connect();
  });

  test('addNode() and rollingRestart() keep the cluster joined', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 1, redis: { url: redisUrl } });
    const added = await cluster.addNode();
    const [alice, bob] = [await cluster.connect({ node: 0 }), await added.connect()];
    alice.emit('announce', 'one more');
    await expect(bob).toReceive('announced', 'one more');
    const before = new Set(cluster.nodes);
    expect(await cluster.rollingRestart()).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(cluster.nodes.some((node) => before.has(node))).toBe(false);
    const [carol, dave] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    carol.emit('announce', 'all new');
    await expect(dave).toReceive('announced', 'all new');
  });
});

test('a cluster without a node is refused', async () => {
  await expect(startTestCluster(ChatModule, { nodes: 0 })).rejects.toThrow(
    'A cluster has at least one node; got nodes: 0.',
  );
});

test('a cluster of one node needs nothing that joins nodes', async () => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 1 });
  const alice = await cluster.connect();
  alice.emit('announce', 'alone');
  await expect(alice).toReceive('announced', 'alone');
  await expect(alice).not.toReceive('announced');
});
