import { randomUUID } from 'node:crypto';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { vi } from 'vitest';
import { test } from '../support/redis.js';
import { AppModule } from './one-redis.app.js';
import { useRedisOfRun } from './one-redis.js';

useRedisOfRun();

test('the apps of one test file are nodes of one cluster, and the apps of another file are not', async ({
  redisUrl,
}) => {
  expect(process.env.REDIS_URL).toBe(redisUrl);
  await using one = await startTestApp(AppModule);
  await using same = await startTestApp(AppModule);
  vi.stubEnv('REDIS_KEY_PREFIX', randomUUID());
  await using other = await startTestApp(AppModule);
  const [alice, bob, carol] = await Promise.all([one, same, other].map((app) => app.connect()));
  alice!.emit('publish', 'hello');
  await expect(bob!).toReceive('news', 'hello');
  // By then what went to the other channels of Redis would have come, too: one more message goes the same way.
  carol!.emit('publish', 'elsewhere');
  await expect(carol!).toReceive('news', 'elsewhere');
  expect(carol!.received('news')).toEqual([['elsewhere']]);
});
