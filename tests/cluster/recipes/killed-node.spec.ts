import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { inject, test } from 'vitest';

const url = inject('redisUrl')!;

test.skipIf(!url)('the clients of the other nodes do not notice that a node is killed', async () => {
  await using cluster = await startTestCluster('dist/cluster-app/main.js', { nodes: 3, redis: { url } });
  const [alice, bob, carol] = [await cluster.connect(), await cluster.connect(), await cluster.connect()];

  const exit = await cluster.nodes[0]!.kill();
  expect(exit.signal).toBe('SIGKILL');
  await expect(alice).toBeDisconnected('transport close');

  bob.emit('announce', 'two are left');
  await expect(carol).toReceive('announced', 'two are left');
  await expect(carol).not.toReceive('announced');
});
