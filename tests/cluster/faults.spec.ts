import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { test } from '../integration/support/redis.js';

const script = 'dist/cluster-app/main.js';

describe('three built servers', () => {
  test('a node that loses Redis serves its own clients', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl } });
    const [alice, bob] = [await cluster.connect({ name: 'alice' }), await cluster.connect({ name: 'bob' })];
    await cluster.nodes[0]!.redisLink!.cut();
    await expect(cluster.nodes[0]!).toHaveLogged(/^Redis is gone/, { level: 'error' });
    await expect(alice.emitWithAck('join', 'lobby')).toBeAcked('lobby');
    alice.emit('say', { room: 'lobby', text: 'alone' });
    await expect(cluster.room('lobby')).toBeAllWhoReceive('said', 'alone');
    await cluster.heal();
    bob.emit('say', { room: 'lobby', text: 'together' });
    await expect(alice).toReceive('said', 'together');
  });

  test('a node that is killed while it drains ends at once', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl } });
    const [alice, bob, carol] = [await cluster.connect(), await cluster.connect(), await cluster.connect()];
    alice.emit('say-late', { room: 'lobby', text: 'never', after: 60_000 });
    const draining = cluster.nodes[0]!.terminate();
    await cluster.nodes[0]!.kill();
    expect(await draining).toMatchObject({ signal: 'SIGKILL' });
    await expect(alice).toBeDisconnected();
    bob.emit('announce', 'two are left');
    await expect(carol).toReceive('announced', 'two are left');
    await expect(carol).not.toReceive('announced');
  });

  test('a Redis that is not there fails the start', async () => {
    await expect(startTestCluster(script, { redis: { url: 'redis://user:secret@127.0.0.1:1' } })).rejects.toThrow(
      'Redis at 127.0.0.1:1 could not be reached (connect ECONNREFUSED 127.0.0.1:1).',
    );
  });

  test('a node that does not reach its Redis fails the start with what it says', async ({ redisUrl }) => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    await expect(startTestCluster(script, { redis: { url: redisUrl }, env })).rejects.toThrow(
      /main\.js ended \(exit code 1\) before it listened.*Redis at redis:\/\/127\.0\.0\.1:1 could not be reached/s,
    );
  });
});
