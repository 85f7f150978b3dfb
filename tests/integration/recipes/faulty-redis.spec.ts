import { expect } from 'vitest';
import { test } from '../support/redis.js';
import { linkToRedisIsSlow, redisIsPaused } from './faulty-redis.js';

test('while Redis is paused, an event reaches the clients of its own node only', async ({ redisUrl }) => {
  // Without Docker, this fixture skips the test. The recipe starts a Redis of its own.
  expect(redisUrl).toBeDefined();
  await redisIsPaused();
});

test('events arrive over a slow link to Redis', async ({ redisUrl }) => {
  expect(redisUrl).toBeDefined();
  await linkToRedisIsSlow();
});
