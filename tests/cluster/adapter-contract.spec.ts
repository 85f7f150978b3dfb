import { AdapterContractModule, adapterContract, startTestCluster, type TestCluster } from 'nest-realtime-kit/testing';
import { describe, expect, test as plainTest } from 'vitest';
import { adapters } from './support/adapters.js';
import { ownAdapter, type Fault } from './support/own-adapter.js';
import { test } from '../integration/support/redis.js';

/** By `WORLDS=whole`, every case over every adapter, and each planted fault twenty times; else some cases, and once. */
const isWhole = process.env['WORLDS'] === 'whole';

/** Where an adapter of Socket.IO does not keep a promise, and how its failure reads. */
const deviations: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  // It sends events through a stream, and serverSideEmit through pub/sub.
  'redis-streams': { 'serverSideEmit does not overtake broadcasts, nor they it': /out of order: 'told \d+'/ },
};

const { emitter, ...onRedis } = adapters;

describe.concurrent('the emitter', () => {
  const start = (nodes: number): Promise<TestCluster> =>
    startTestCluster(AdapterContractModule, { nodes, ...emitter!('') });
  for (const { name, run } of adapterContract({ start })) plainTest.concurrent(`promises: ${name}`, run);
});

const everyOne = Object.entries(onRedis);

describe.concurrent.each(everyOne.map(([adapter, optionsOn], place) => ({ adapter, optionsOn, place })))(
  '$adapter',
  ({ adapter, optionsOn, place }) => {
    let url = '';
    const start = (nodes: number): Promise<TestCluster> =>
      startTestCluster(AdapterContractModule, { nodes, ...optionsOn(url) });
    for (const [index, { name, run }] of adapterContract({ start }).entries()) {
      const deviation = deviations[adapter]?.[name];
      if (!isWhole && !deviation && index % everyOne.length !== place) continue;
      test.concurrent(deviation ? `does not promise: ${name}` : `promises: ${name}`, async ({ redisUrl }) => {
        url = redisUrl;
        if (deviation) await expect(run()).rejects.toThrow(deviation);
        else await run();
      });
    }
  },
);

describe('an adapter of a user', () => {
  describe.concurrent('without a fault', () => {
    for (const { name, run } of adapterContract(ownAdapter())) plainTest.concurrent(`promises: ${name}`, run);
  });

  const delivered = 'many broadcasts arrive once each, in the order of their sender, and at nobody else';
  const left = 'of many rooms that clients have left, none reaches them any more';
  const times = isWhole ? 20 : 1;

  plainTest.each<{ fault: Fault; promise: string; failure: RegExp }>([
    { fault: 'drops', promise: delivered, failure: /client of node \d did not receive \d+/ },
    { fault: 'doubles', promise: delivered, failure: /client of node \d received \d+.* too often/ },
    { fault: 'reorders', promise: delivered, failure: /client of node \d received out of order: \d+ where \d+ was/ },
    { fault: 'leaks', promise: delivered, failure: /outsider of node \d should not have received \d+/ },
    { fault: 'forgets leaves', promise: left, failure: /client of node \d should not have received it/ },
  ])('that $fault in one of a hundred messages breaks: $promise', { timeout: 300_000 }, async (planted) => {
    for (let time = 0; time < times; time += 1) {
      const broken = adapterContract(ownAdapter(planted.fault)).find(({ name }) => name === planted.promise);
      await expect(broken!.run()).rejects.toThrow(planted.failure);
    }
  });
});
