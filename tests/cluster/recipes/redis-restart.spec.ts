import { startTestCluster } from 'nest-realtime-kit/testing';
import { startRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { inject, test } from 'vitest';

test.skipIf(!inject('redisUrl'))('a Redis that restarts loses no client and no room', async () => {
  await using redis = await startRedis();
  await using cluster = await startTestCluster('dist/cluster-app/main.js', { nodes: 3, redis });
  const clients = [await cluster.connect(), await cluster.connect(), await cluster.connect()];
  for (const client of clients) await client.emitWithAck('join', 'lobby');

  await redis.restart();
  await cluster.joined();
  clients[0]!.emit('say', { room: 'lobby', text: 'still here' });
  await expect(clients).toBeAllWhoReceive('said', 'still here');
});
