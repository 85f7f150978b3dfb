import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestCluster, type TestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { test as withRedis } from '../support/redis.js';
import { Node, RedisIoAdapter, clusterApp } from './cluster.app.js';

type Start = (url: string, key: string) => Promise<TestCluster>;

/** On plain Nest the nodes are joined by an adapter, and by an option with the module. */
const servings: [kind: string, start: Start][] = [
  [
    'plain Nest',
    (url, key) =>
      startTestCluster(clusterApp([]), {
        async setup(nest: INestApplication) {
          const adapter = new RedisIoAdapter(nest);
          await adapter.connectToRedis(url, key);
          nest.useWebSocketAdapter(adapter);
        },
      }),
  ],
  [
    'WebsocketModule',
    (url, keyPrefix) => startTestCluster(clusterApp([WebsocketModule.forRoot({ redis: { url, keyPrefix } })])),
  ],
];

describe.each(servings)('an app on two nodes, on %s', (_kind, start) => {
  const test = withRedis.extend<{ cluster: TestCluster }>({
    cluster: async ({ redisUrl }, use) => {
      await using cluster = await start(redisUrl, randomUUID());
      await use(cluster);
    },
  });

  test('a broadcast reaches the clients of both nodes over either transport', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    const carol = await cluster.connect({ node: 1, transports: ['polling'] });
    alice.emit('announce', 'hello');
    for (const client of [alice, bob, carol]) await expect(client).toReceiveExactly(['announced', 'hello']);
  });

  test('an event for a room reaches its members on both nodes, and no other client', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    const carol = await cluster.connect({ node: 1 });
    for (const client of [alice, bob]) await client.emitWithAck('join', 'lobby');
    alice.emit('say', 'lobby', 'hello');
    await expect(bob).toReceiveExactly(['said', 'hello']);
    for (const nobody of [alice, carol]) await expect(nobody).toReceiveExactly();
  });

  test('bytes reach one client of the other node by its id', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    const carol = await cluster.connect({ node: 1 });
    alice.emit('whisper', bob.id, Buffer.from('psst'));
    await expect(bob).toReceiveExactly(['whispered', Buffer.from('psst')]);
    await expect(carol).toReceiveExactly();
  });

  test('the clients of both nodes ack a broadcast', async ({ cluster }) => {
    const answering = (name: string): object => ({
      on: { asked: (question: string, ack: (answer: string) => void) => ack(`${question} ${name}`) },
    });
    const alice = await cluster.connect({ node: 0, ...answering('Alice') });
    await cluster.connect({ node: 1, ...answering('Bob') });
    const answers = (await alice.emitWithAck('ask all', 'I am')) as string[];
    expect(answers.toSorted()).toEqual(['I am Alice', 'I am Bob']);
  });

  test('serverSideEmit reaches the other node, which emits to its clients', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    alice.emit('flush', 'the cache');
    await expect(bob).toReceiveExactly(['flushed', 'the cache']);
    await expect(alice).toReceiveExactly();
    expect(cluster.nodes.map((node) => node.get(Node).flushed)).toEqual([[], [`the cache of ${alice.id}`]]);
  });

  test('serverSideEmitWithAck returns the answer of the other node', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    for (let count = 0; count < 3; count += 1) await cluster.connect({ node: 1 });
    await expect(alice.emitWithAck('count')).toBeAcked([1, 3]);
  });

  test('a handler finds the members of a room on both nodes', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    await cluster.connect({ node: 1 });
    for (const client of [alice, bob]) await client.emitWithAck('join', 'lobby');
    await expect(alice.emitWithAck('who is in', 'lobby')).toBeAcked([alice.id, bob.id].toSorted());
  });

  test('a handler makes the clients of both nodes join a room', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    alice.emit('gather', 'hall');
    await cluster.settle();
    bob.emit('say', 'hall', 'all here');
    await expect(alice).toReceiveExactly(['said', 'all here']);
  });

  test('a handler disconnects the members of a room on the other node', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    const bob = await cluster.connect({ node: 1 });
    const carol = await cluster.connect({ node: 1 });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('close', 'lobby');
    await expect(bob).toBeDisconnected();
    expect(bob.disconnectReason).toBe('io server disconnect');
    await expect(carol.emitWithAck('join', 'hall')).toBeAcked('hall');
  });

  test('an event for a namespace reaches both nodes, and no client of another namespace', async ({ cluster }) => {
    const alarms = { namespace: 'alarms' };
    const alice = await cluster.connect({ node: 0, ...alarms });
    const bob = await cluster.connect({ node: 1, ...alarms });
    const carol = await cluster.connect({ node: 1 });
    alice.emit('raise', 'fire');
    for (const client of [alice, bob]) await expect(client).toReceiveExactly(['raised', 'fire']);
    await expect(carol).toReceiveExactly();
  });

  test('a node keeps serving its clients when the other node is closed', async ({ cluster }) => {
    const alice = await cluster.connect({ node: 0 });
    await cluster.connect({ node: 1 });
    await cluster.nodes[1]!.close();
    await expect(alice.emitWithAck('count')).toBeAcked([1]);
    alice.emit('announce', 'alone');
    await expect(alice).toReceiveExactly(['announced', 'alone']);
  });
});
