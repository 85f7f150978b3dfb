import { randomUUID } from 'node:crypto';
import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { test } from './support/redis.js';

const script = 'dist/cluster-app/main.js';

describe('a cluster of built servers', () => {
  test('an event reaches the members of a room on all nodes, and no other client', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(script, {
      redis: { url: redisUrl },
      env: { REDIS_KEY_PREFIX: randomUUID() },
    });
    const alice = await cluster.connect({ name: 'alice', node: 0 });
    const bob = await cluster.connect({ name: 'bob', node: 1 });
    const carol = await cluster.connect({ name: 'carol', node: 1 });
    await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
    alice.emit('say', { room: 'lobby', text: 'hi' });
    await expect(carol).not.toReceive('said');
    expect(bob.received('said')).toEqual([['hi']]);
    console.log(cluster.timeline.print());
  });
});
