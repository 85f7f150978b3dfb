import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { RedisUnavailableError, WebsocketModule } from 'nest-realtime-kit';
import { openLink, startTestApp, startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { Adapter } from 'socket.io-adapter';
import { describe } from 'vitest';
import { ChatGateway, ChatModule } from '../integration/support/chat.js';
import { test } from '../integration/support/redis.js';

/** Knows nothing of the kit. */
@Module({ providers: [ChatGateway] })
class PlainChatModule {}

for (const [kind, module] of Object.entries({
  WebsocketModule: ChatModule,
  "Nest's own adapter": PlainChatModule,
})) {
  describe(`with ${kind}`, () => {
    test('an event emitted on one node reaches the clients of all nodes', async ({ redisUrl }) => {
      await using cluster = await startTestCluster(module, { nodes: 3, redis: { url: redisUrl } });
      const clients = await Promise.all([0, 1, 2].map((node) => cluster.connect({ node, name: `client of ${node}` })));
      clients[0]!.emit('announce', 'hello');
      for (const client of clients) await expect(client).toReceive('announced', 'hello');
      await cluster.settle();
      expect(clients.map((client) => client.received('announced'))).toEqual([[['hello']], [['hello']], [['hello']]]);
    });

    test('an event for a room reaches its members on all nodes, and no other client', async ({ redisUrl }) => {
      await using cluster = await startTestCluster(module, { redis: { url: redisUrl } });
      const alice = await cluster.connect({ name: 'alice', node: 0 });
      const bob = await cluster.connect({ name: 'bob', node: 1 });
      const carol = await cluster.connect({ name: 'carol', node: 1 });
      await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
      for (let round = 0; round < 50; round += 1) {
        alice.emit('say', `message ${round}`);
        await expect(carol).not.toReceive('said');
        expect(bob.received('said')).toHaveLength(round + 1);
      }
    });
  });
}

test('who joins a room after an event, on another node, is not one of its audience', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { redis: { url: redisUrl } });
  const alice = await cluster.connect({ name: 'alice', node: 0 });
  const bob = await cluster.connect({ name: 'bob', node: 0 });
  const carol = await cluster.connect({ name: 'carol', node: 1 });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await cluster.settle();
  await carol.emitWithAck('join', 'lobby');
  await expect(cluster.room('lobby')).toBeAllWhoReceive('said', 'hi');
});

test('settle() of one node waits for a late event from another node', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { redis: { url: redisUrl } });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  alice.emit('say-late', 'at last');
  await cluster.nodes[1]!.settle();
  expect(bob.received('said')).toEqual([['at last']]);
});

test('settle() waits for events in flight between nodes', async ({ redisUrl }) => {
  await using link = await openLink(redisUrl);
  await using cluster = await startTestCluster(ChatModule, { redis: { url: link.url } });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await link.latency(150, { stream: 'downstream' });
  alice.emit('announce', 'slowly');
  await cluster.settle();
  expect(bob.received('announced')).toEqual([['slowly']]);
});

test('the timeline shows what a node sends to the others by serverSideEmit', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { redis: { url: redisUrl } });
  cluster.nodes[0]!.io.serverSideEmit('reload', 'the rules');
  await cluster.settle();
  expect(cluster.timeline.print()).toContain(`node 1  another node → "reload" ('the rules') by serverSideEmit in /`);
  expect(cluster.timeline.toMermaid()).toContain('by serverSideEmit');
});

test('clusters on one Redis do not receive the events of each other', async ({ redisUrl }) => {
  const redis = { url: redisUrl };
  await using one = await startTestCluster(ChatModule, { redis });
  await using other = await startTestCluster(ChatModule, { redis });
  const [alice, bob] = [await one.connect(), await other.connect()];
  alice.emit('announce', 'to mine');
  await expect(alice).toReceive('announced', 'to mine');
  await one.settle();
  await expect(bob).not.toReceive('announced');
});

test('a cluster keeps working when a node has left', async ({ redisUrl }) => {
  await using cluster = await startTestCluster(ChatModule, { nodes: 3, redis: { url: redisUrl } });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  await cluster.nodes[2]!.close();
  alice.emit('announce', 'two are left');
  await cluster.settle();
  expect(bob.received('announced')).toEqual([['two are left']]);
});

describe('WebsocketModule with redis', () => {
  test('joins the nodes by itself', async ({ redisUrl }) => {
    const redis = { url: redisUrl, keyPrefix: randomUUID() };
    @Module({ imports: [WebsocketModule.forRoot({ redis })], providers: [ChatGateway] })
    class JoinedModule {}
    await using cluster = await startTestCluster(JoinedModule);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    alice.emit('announce', 'hello');
    await expect(bob).toReceive('announced', 'hello');
    await expect(bob).not.toReceive('announced');
  });

  test('names the address of an unreachable Redis without its password', async () => {
    const redis = { url: 'redis://user:secret@127.0.0.1:1', connectTimeout: 300 };
    @Module({ imports: [WebsocketModule.forRoot({ redis })] })
    class UnreachableModule {}
    const error = await startTestApp(UnreachableModule).catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: 'AppStartError', cause: expect.any(RedisUnavailableError) });
    expect((error as Error).message).toContain(
      'Redis at redis://***@127.0.0.1:1 could not be reached within 300 ms (connect ECONNREFUSED 127.0.0.1:1)',
    );
  });
});

test('a cluster whose own adapter does not join the nodes fails to start', async () => {
  class LonelyAdapter extends Adapter {}
  const starting = startTestCluster(PlainChatModule, { server: { adapter: LonelyAdapter } });
  await expect(starting).rejects.toThrow('The 2 nodes do not see each other: they count 1, 1 of them.');
});
