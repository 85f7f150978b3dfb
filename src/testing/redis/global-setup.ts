import { startRedis } from './start-redis.js';

/** The part of Vitest's `TestProject` that is used. Typed here so that this subpath does not depend on Vitest. */
interface Project {
  provide(key: 'redisUrl', value: string | undefined): void;
}

/**
 * A `globalSetup` for Vitest: one Redis container for the whole run. Tests get its address with `inject('redisUrl')`.
 *
 * If no container can be started, the address is `undefined` and a line on stderr says why. So a developer without
 * Docker can run all other tests. With `CI` in the environment, the run fails instead.
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
