import { openLink, startTestCluster } from 'nest-realtime-kit/testing';
import { startRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from '../support/chat.js';

/** A test: while Redis is paused, an event reaches the clients of its own node only. */
export async function redisIsPaused(): Promise<void> {
  await using redis = await startRedis();
  await using cluster = await startTestCluster(ChatModule, { redis });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await redis.pause();
  alice.emit('announce', 'hello');
  await expect(alice).toReceive('announced', 'hello');
  expect(bob.received('announced')).toEqual([]);
  await redis.resume();
  await expect(bob).toReceive('announced', 'hello');
}

/** A test: events arrive over a slow link to Redis. */
export async function linkToRedisIsSlow(): Promise<void> {
  await using redis = await startRedis();
  await using link = await openLink(redis.url);
  await using cluster = await startTestCluster(ChatModule, { redis: { url: link.url } });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await link.latency(100);
  alice.emit('announce', 'hello');
  await cluster.settle();
  expect(bob.received('announced')).toEqual([['hello']]);
}
