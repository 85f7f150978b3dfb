import { randomUUID } from 'node:crypto';
import { beforeAll, inject, vi } from 'vitest';

/** Gives the apps of a file the Redis of the run, and a prefix that no other file has. */
export function useRedisOfRun(): void {
  beforeAll(() => {
    vi.stubEnv('REDIS_URL', inject('redisUrl'));
    vi.stubEnv('REDIS_KEY_PREFIX', randomUUID());
    return () => vi.unstubAllEnvs();
  });
}
