import { startTestCluster } from 'nest-realtime-kit/testing';
import { startRedis, type StartedRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { createClient, type RedisClientType } from 'redis';
import { describe } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';
import { test as redisTest } from '../integration/support/redis.js';

interface Fixtures {
  redis: StartedRedis;
  client: RedisClientType;
}

/** A Redis of the test's own, and a client of it. */
const test = redisTest.extend<Fixtures>({
  // oxlint-disable-next-line no-unused-vars -- without Docker, `redisUrl` skips the test
  redis: async ({ redisUrl: _ }, use) => {
    await using redis = await startRedis();
    await use(redis);
  },
  client: async ({ redis }, use) => {
    const client: RedisClientType = createClient({ url: redis.url });
    client.on('error', () => {});
    await client.connect();
    await use(client);
    client.destroy();
  },
});

describe('a Redis of startRedis()', () => {
  test('answers nothing while it is paused, and everything when it is resumed', async ({ redis, client }) => {
    await client.set('kept', 'yes');
    await redis.pause();
    const answers: string[] = [];
    const asked = client.get('kept').then((value) => answers.push(String(value)));
    await expect(redis.flush()).rejects.toThrow('Redis is paused, so it cannot do FLUSHALL. Call resume() first.');
    expect(answers).toEqual([]);
    await redis.resume();
    await asked;
    expect(answers).toEqual(['yes']);
  });

  test('has the same address and no data after a restart', async ({ redis, client }) => {
    await client.set('kept', 'no');
    const ended = new Promise((resolve) => {
      client.once('error', resolve);
    });
    await redis.restart();
    await ended;
    const other = await createClient({ url: redis.url }).connect();
    expect(await other.dbSize()).toBe(0);
    other.destroy();
    expect(await client.get('kept')).toBeNull();
  });

  test('has no data after it is flushed, and keeps its connections', async ({ redis, client }) => {
    await client.set('kept', 'no');
    await redis.flush();
    expect(await client.dbSize()).toBe(0);
  });

  test('refuses writes beyond its memory until the limit is removed', async ({ redis, client }) => {
    await client.set('before', 'yes');
    await redis.limitMemory(1);
    await expect(client.set('during', 'no')).rejects.toThrow('OOM');
    expect(await client.get('before')).toBe('yes');
    await redis.limitMemory(0);
    await client.set('after', 'yes');
    expect(await client.dbSize()).toBe(2);
  });

  test('stops soon, even if it is paused', async ({ redis }) => {
    await redis.pause();
    const began = performance.now();
    await redis.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

test('the timeline of a cluster and its diagram show the faults of its Redis', async ({ redis }) => {
  await using cluster = await startTestCluster(ChatModule, { redis });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await redis.pause();
  alice.emit('announce', 'held');
  await expect(alice).toReceive('announced', 'held');
  expect(bob.received('announced')).toEqual([]);
  await redis.resume();
  await cluster.settle();
  expect(bob.received('announced')).toEqual([['held']]);
  const faults = cluster.timeline
    .print()
    .split('\n')
    .filter((line) => line.includes('Redis is'));
  expect(faults.map((line) => line.slice(13))).toEqual(['Redis is paused', 'Redis is resumed']);
  expect(cluster.timeline.toMermaid()).toMatch(/participant (p\d) as Redis[^]+Note over \1: · Redis is paused/i);
});
