import { startRedis } from './start-redis.js';

/** What this needs of Vitest's `TestProject`; typed here, so that this subpath does not depend on Vitest. */
interface Project {
  provide(key: 'redisUrl', value: string | undefined): void;
}

/**
 * Vitest's `globalSetup`: one Redis container for the whole run, whose address tests get by `inject('redisUrl')`.
 *
 * Where no container can be started the address is `undefined` and a line on stderr says why, so that a
 * developer without Docker can run all other tests; with `CI` in the environment the run fails instead.
 */
export default async function setup(project: Project): Promise<(() => Promise<void>) | undefined> {
  try {
    const redis = await startRedis();
    project.provide('redisUrl', redis.url);
    return () => redis.stop();
  } catch (error) {
    if (process.env.CI) throw error;
    console.error(`\n⚠ SKIPPING EVERY TEST THAT NEEDS REDIS.\n  ${(error as Error).message}\n`);
    project.provide('redisUrl', undefined);
    return undefined;
  }
}
