import { randomUUID } from 'node:crypto';
import { startTestCluster } from 'nest-realtime-kit/testing';
import { startRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { test } from '../integration/support/redis.js';

const script = 'dist/cluster-app/main.js';

describe('three built servers', () => {
  test('a partition separates their clients, and heals', async ({ redisUrl }) => {
    const env = { REDIS_KEY_PREFIX: randomUUID() };
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl }, env });
    const [alice, bob, carol] = [await cluster.connect(), await cluster.connect(), await cluster.connect()];
    await cluster.partition([0], [1, 2]);
    bob.emit('announce', 'to two');
    await expect(carol).toReceive('announced', 'to two');
    await expect(alice).not.toReceive('announced');
    await cluster.heal();
    alice.emit('announce', 'to all');
    await expect(cluster.namespace('/')).toBeAllWhoReceive('announced', 'to all');
    expect(cluster.timeline.print()).toContain('node 0  the link of node 0 to Redis');
  });

  test('a Redis that restarts loses nobody', async ({ redisUrl: _needsDocker }) => {
    await using redis = await startRedis();
    await using cluster = await startTestCluster(script, { nodes: 3, redis });
    const clients = [await cluster.connect(), await cluster.connect(), await cluster.connect()];
    await Promise.all(clients.map((client) => client.emitWithAck('join', 'lobby')));
    await redis.restart();
    await cluster.joined();
    expect(clients.every(({ connected }) => connected)).toBe(true);
    clients[0]!.emit('say', { room: 'lobby', text: 'still here' });
    await expect(cluster.room('lobby')).toBeAllWhoReceive('said', 'still here');
  });

  test('a client on a link that freezes is missed by the server, and comes back', async ({ redisUrl }) => {
    const env = { REDIS_KEY_PREFIX: randomUUID(), PING_INTERVAL: '200' };
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl }, env });
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
    expect(bob.serverDisconnectReason).toBeUndefined();
  });

  test('a node that loses Redis serves its own clients', async ({ redisUrl }) => {
    const env = { REDIS_KEY_PREFIX: randomUUID() };
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl }, env });
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
    const env = { REDIS_KEY_PREFIX: randomUUID() };
    await using cluster = await startTestCluster(script, { nodes: 3, redis: { url: redisUrl }, env });
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

  test('a Redis that is not there fails the start with what the node says', async () => {
    await expect(startTestCluster(script, { redis: { url: 'redis://127.0.0.1:1' } })).rejects.toThrow(
      /main\.js ended \(exit code 1\) before it listened.*Redis at redis:\/\/127\.0\.0\.1:\d+ could not be reached/s,
    );
  });
});
