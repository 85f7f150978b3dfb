import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { test } from '../support/redis.js';
import { startNewsCluster as startOnIoredis } from './cluster-on-ioredis.js';
import { startNewsCluster as startOnStreams } from './cluster-on-streams.js';
import { useRedisOfRun } from './one-redis.js';

useRedisOfRun();

describe.each([
  { adapter: 'RedisStreamsAdapter', start: startOnStreams },
  { adapter: 'RedisAdapter', start: startOnIoredis },
])('$adapter', ({ adapter, start }) => {
  test('reaches the clients of all nodes', async ({ redisUrl }) => {
    await using cluster = await start(redisUrl);
    expect(cluster.nodes[0]!.io.sockets.adapter.constructor.name).toBe(adapter);
    const clients = await Promise.all(cluster.nodes.map((_, node) => cluster.connect({ node })));
    clients[0]!.emit('publish', 'hello');
    await expect(clients).toBeAllWhoReceive('news', 'hello');
  });
});
