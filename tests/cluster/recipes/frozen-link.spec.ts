import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { inject, test } from 'vitest';

const url = inject('redisUrl')!;

test.skipIf(!url)('a client on a link that freezes is given up, and comes back', async () => {
  const env = { PING_INTERVAL: '200' };
  await using cluster = await startTestCluster('dist/cluster-app/main.js', { nodes: 3, redis: { url }, env });
  const alice = await cluster.connect({ name: 'alice' });
  const bob = await cluster.connect({ name: 'bob', reconnection: true });
  await bob.emitWithAck('join', 'lobby');

  await bob.link.blackhole();
  await expect(cluster.nodes[1]!).toHaveLogged(`Left: ${bob.id}`);

  await bob.link.heal();
  await expect(bob).toReceive('welcome');
  alice.emit('say', { room: 'lobby', text: 'anybody?' });
  await expect(bob).not.toReceive('said');
  alice.emit('announce', 'welcome back');
  await expect(bob).toReceive('announced', 'welcome back');
});
