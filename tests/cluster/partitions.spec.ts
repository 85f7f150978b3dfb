import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { startTestCluster, type CreateAdapter, type TestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';
import { test } from '../integration/support/redis.js';

const ways: Record<string, (url: string) => object> = {
  'the emitter': () => ({}),
  Redis: (url) => ({ redis: { url } }),
};

/** The client of each node announces something. @returns which nodes' announcements each client gets */
async function heardBy(cluster: TestCluster): Promise<number[][]> {
  const clients = await Promise.all(cluster.nodes.map((_, node) => cluster.connect({ node })));
  for (const [node, client] of clients.entries()) client.emit('announce', node);
  await cluster.settle();
  const heard = clients.map((client) => client.received('announced').map(([node]) => node as number));
  for (const client of clients) await client.disconnect();
  return heard.map((nodes) => nodes.toSorted((one, other) => one - other));
}

describe.each(Object.entries(ways))('a partition over %s', (_, optionsOn) => {
  test('has the nodes of no group as one more group, and ends the one before', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 3, ...optionsOn(redisUrl) });
    await cluster.partition([0]);
    expect(await heardBy(cluster)).toEqual([[0], [1, 2], [1, 2]]);
    await cluster.partition([0, 1], [2]);
    expect(await heardBy(cluster)).toEqual([[0, 1], [0, 1], [2]]);
    await cluster.partition([0], [1]);
    expect(await heardBy(cluster)).toEqual([[0], [1], [2]]);
    await cluster.heal();
    expect(await heardBy(cluster)).toEqual([0, 1, 2].map(() => [0, 1, 2]));
  });

  test('is of open nodes', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(ChatModule, { nodes: 3, ...optionsOn(redisUrl) });
    await cluster.nodes[1]!.kill();
    await expect(cluster.partition([1], [0, 2])).rejects.toThrow('partition([1], [0, 2]): there is no open node');
    await cluster.partition([0], [1, 2]);
    expect(await cluster.nodes[2]!.io.of('/').adapter.serverCount()).toBe(1);
  });
});

test.for([
  { groups: [[0, 1]], problem: 'partition([0, 1]): there is no open node on another side.' },
  { groups: [[0], [0, 1]], problem: 'partition([0], [0, 1]): node 0 can be on one side only.' },
  { groups: [[0], [2]], problem: 'partition([0], [2]): this cluster has the nodes 0 to 1.' },
])('$groups is no partition of two nodes', async ({ groups, problem }) => {
  await using cluster = await startTestCluster(ChatModule);
  await expect(cluster.partition(...groups)).rejects.toThrow(problem);
});

/** The adapter of a team with `ioredis`. */
function onIoredis(urlOf: (redisUrl: string) => string): CreateAdapter {
  return (_node, key, redisUrl) => {
    const publisher = new Redis(urlOf(redisUrl));
    const subscriber = publisher.duplicate();
    for (const client of [publisher, subscriber]) client.on('error', () => {});
    return {
      adapter: createAdapter(publisher, subscriber, { key }),
      close: () => Promise.all([publisher.quit(), subscriber.quit()]),
    };
  };
}

describe('a partition over an adapter of the user', () => {
  test('cuts the way to Redis that the adapter is given', async ({ redisUrl }) => {
    const adapter = onIoredis((url) => url);
    await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl }, adapter });
    await cluster.partition([0]);
    expect(await cluster.nodes[1]!.io.of('/').adapter.serverCount()).toBe(2);
    await cluster.heal();
    expect(await heardBy(cluster)).toEqual([0, 1, 2].map(() => [0, 1, 2]));
  });

  test('fails if the adapter has another way', async ({ redisUrl }) => {
    const adapter = onIoredis(() => redisUrl);
    const options = { nodes: 3, redis: { url: redisUrl }, adapter, timeout: 1_000 };
    await using cluster = await startTestCluster(ChatModule, options);
    await expect(cluster.partition([0])).rejects.toThrow(
      '2 of the nodes were to see each other and no other node; they count 3, 3. Do they reach each other by another way',
    );
  });
});
