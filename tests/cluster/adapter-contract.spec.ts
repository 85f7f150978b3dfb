import { AdapterContractModule, adapterContract, startTestCluster } from 'nest-realtime-kit/testing';
import { describe, expect } from 'vitest';
import { adapters, shardedStatic } from './support/adapters.js';
import { test } from '../integration/support/redis.js';

/** Where an adapter of Socket.IO does not keep a promise, and how its failure reads. */
const deviations: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  // It sends events through a stream, and serverSideEmit through pub/sub.
  'redis-streams': { 'serverSideEmit does not overtake broadcasts, nor they it': /out of order: 'told \d+'/ },
};

describe.concurrent.each(Object.entries(adapters))('%s', (adapter, optionsOn) => {
  let url = '';
  const contract = adapterContract({
    start: (nodes) => startTestCluster(AdapterContractModule, { nodes, ...optionsOn(url) }),
  });
  for (const { name, run } of contract) {
    const deviation = deviations[adapter]?.[name];
    test.concurrent(deviation ? `does not promise: ${name}` : name, async ({ redisUrl }) => {
      url = redisUrl;
      if (deviation) await expect(run()).rejects.toThrow(deviation);
      else await run();
    });
  }
});

test('adapterContract takes the function that creates an adapter', async ({ redisUrl }) => {
  const [first] = adapterContract(shardedStatic(redisUrl));
  await first!.run();
});
