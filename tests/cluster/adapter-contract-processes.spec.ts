import { adapterContract, startTestCluster } from 'nest-realtime-kit/testing';
import { describe, expect } from 'vitest';
import { test } from '../integration/support/redis.js';

/** By `WORLDS=whole`, every promise over each adapter; else the one that most of them rest on. */
const isWhole = process.env['WORLDS'] === 'whole';

const FIRST = 'many broadcasts arrive once each, in the order of their sender, and at nobody else';

/** Where an adapter of Socket.IO does not keep a promise, and how its failure reads. */
const deviations: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'redis-streams': { 'serverSideEmit does not overtake broadcasts, nor they it': /out of order: 'told \d+'/ },
};

describe.each(isWhole ? ['redis', 'redis-sharded', 'redis-streams'] : ['redis'])('%s, between processes', (adapter) => {
  let url = '';
  const start = (nodes: number) =>
    startTestCluster('dist/cluster-app/contract.js', {
      nodes,
      redis: { url },
      env: { ADAPTER: adapter },
      timeout: 10_000,
    });
  for (const { name, run } of adapterContract({ start })) {
    if (!isWhole && name !== FIRST) continue;
    const deviation = deviations[adapter]?.[name];
    test(deviation ? `does not promise: ${name}` : `promises: ${name}`, async ({ redisUrl }) => {
      url = redisUrl;
      if (deviation) await expect(run()).rejects.toThrow(deviation);
      else await run();
    });
  }
});
