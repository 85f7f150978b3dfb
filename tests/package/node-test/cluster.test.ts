import { test } from 'node:test';
import { assertThat, startTestCluster } from 'nest-realtime-kit/testing';

test('the built server runs as a process of its own', async () => {
  const cluster = await startTestCluster('dist/main.js', { nodes: 1 });
  try {
    const alice = await cluster.connect({ name: 'alice', namespace: 'chat' });
    const bob = await cluster.connect({ name: 'bob', namespace: 'chat' });
    const carol = await cluster.connect({ name: 'carol', namespace: 'chat' });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', 'hi');
    await assertThat(cluster.room('lobby', { namespace: 'chat' })).toBeAllWhoReceive('said', 'hi');
    await assertThat(carol).not.toReceive('said');
  } finally {
    await cluster.close();
  }
});
