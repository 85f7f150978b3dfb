import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { inject, test } from 'vitest';

const url = inject('redisUrl')!;

test.skipIf(!url)('a partition separates the clients, and heals', async () => {
  await using cluster = await startTestCluster('dist/cluster-app/main.js', { nodes: 3, redis: { url } });
  const [alice, bob, carol] = [await cluster.connect(), await cluster.connect(), await cluster.connect()];

  await cluster.partition([0], [1, 2]);
  bob.emit('announce', 'to two');
  await expect(carol).toReceive('announced', 'to two');
  await expect(alice).not.toReceive('announced');

  await cluster.heal();
  alice.emit('announce', 'to all');
  await expect(cluster.namespace('/')).toBeAllWhoReceive('announced', 'to all');
});
