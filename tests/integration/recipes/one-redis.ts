import { randomUUID } from 'node:crypto';
import { beforeAll, inject, vi } from 'vitest';

beforeAll(() => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'));
  vi.stubEnv('REDIS_KEY_PREFIX', randomUUID());
  return () => vi.unstubAllEnvs();
});
