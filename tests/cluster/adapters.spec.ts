import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { connect, type Socket as TcpSocket } from 'node:net';
import { Module, type INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import { createAdapter as createRedisAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { WebsocketModule } from 'nest-realtime-kit';
import { openLink, startTestCluster, type TestCluster } from 'nest-realtime-kit/testing';
import { startRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { createClient } from 'redis';
import type { Namespace, Server } from 'socket.io';
import { Adapter } from 'socket.io-adapter';
import { io } from 'socket.io-client';
import { describe, test, vi } from 'vitest';
import { RoomGateway } from './app/room.gateway.js';
import { adapters, openClients } from './support/adapters.js';
import { startBuiltChat } from './support/built-chat.js';
import { burn } from './support/burn.js';
import { connectEach, countWrong } from './support/statements.js';
import { test as redisTest } from '../integration/support/redis.js';

/** Knows nothing of the kit. */
@Module({ providers: [RoomGateway] })
class PlainModule {}

@Module({ imports: [WebsocketModule], providers: [RoomGateway] })
class KitModule {}

/** By `WORLDS=whole`, two thousand exact statements over each adapter, with both cores busy; else forty. */
const isWhole = process.env['WORLDS'] === 'whole';

describe.each(Object.entries(adapters))('over %s', (_, optionsOn) => {
  redisTest('every statement about three nodes is exact', { timeout: 600_000 }, async ({ redisUrl }) => {
    await using _busy = isWhole ? burn() : undefined;
    for (let run = 0; run < (isWhole ? 50 : 1); run += 1) {
      await using cluster = await startTestCluster(PlainModule, { nodes: 3, timeout: 30_000, ...optionsOn(redisUrl) });
      expect(await countWrong(cluster, 10)).toEqual({ missed: 0, falseAlarms: 0 });
    }
  });
});

describe.each(isWhole ? ['redis', 'redis-sharded', 'redis-streams'] : ['redis-streams'])(
  'between processes, over %s',
  (adapter) => {
    redisTest('every statement about three nodes is exact', { timeout: 600_000 }, async ({ redisUrl }) => {
      await using _busy = isWhole ? burn() : undefined;
      for (let run = 0; run < (isWhole ? 5 : 1); run += 1) {
        await using cluster = await startBuiltChat(redisUrl, { nodes: 3, timeout: 30_000, env: { ADAPTER: adapter } });
        expect(await countWrong(cluster, isWhole ? 100 : 10)).toEqual({ missed: 0, falseAlarms: 0 });
      }
    });
  },
);

describe('the emitter', () => {
  test('joins the nodes of a cluster without Redis', async () => {
    await using cluster = await startTestCluster(KitModule, { nodes: 3 });
    const everybody = await connectEach(cluster);
    everybody[0].emit('announce', { bytes: Buffer.from([1, 2]) });
    await expect(everybody).toBeAllWhoReceive('announced', { bytes: Buffer.from([1, 2]) });
  });

  test('delivers to the clients of the emitting node at once, like the adapter in memory', async () => {
    await using cluster = await startTestCluster(PlainModule);
    const alice = await cluster.connect();
    alice.emit('announce', 'hi');
    await expect(alice).toReceiveInOrder(['announced', 'hi'], ['confirmed']);
  });

  test('shares no object between nodes', async () => {
    await using cluster = await startTestCluster(PlainModule);
    const sent = { list: [1], at: new Date(0), bytes: new Uint8Array([1]) };
    const received: unknown[] = [];
    cluster.nodes[1]!.io.on('changed', (payload) => received.push(payload));
    cluster.nodes[0]!.io.serverSideEmit('changed', sent);
    sent.list.push(2);
    sent.bytes[0] = 9;
    await cluster.settle();
    expect(received).toEqual([{ list: [1], at: '1970-01-01T00:00:00.000Z', bytes: Buffer.from([1]) }]);
  });

  test('does not wait for the answer of a node that has left', async () => {
    await using cluster = await startTestCluster(PlainModule, { nodes: 3 });
    cluster.nodes[1]!.io.on('asked', (answer: (node: number) => void) => answer(1));
    const asked = cluster.nodes[0]!.io.serverSideEmitWithAck('asked');
    await cluster.nodes[2]!.close();
    await expect(asked).resolves.toEqual([1]);
  });

  test('loses what one side of a cut network sends to the other', async () => {
    await using cluster = await startTestCluster(PlainModule, { nodes: 3 });
    const everybody = await connectEach(cluster);
    const [alice, bob, carol] = everybody;
    // On its way when the network is cut.
    cluster.nodes[0]!.io.emit('announced', 'under way');
    await cluster.partition([0], [1, 2]);
    cluster.nodes[0]!.io.emit('announced', 'not sent');
    await expect([alice]).toBeAllWhoReceive('announced', 'under way');
    carol.emit('announce', 'from 2');
    await expect([bob, carol]).toBeAllWhoReceive('announced', 'from 2');
    alice.emit('announce', 'from 0');
    await expect([alice]).toBeAllWhoReceive('announced', 'from 0');
    await expect(alice.emitWithAck('count nodes')).toBeAcked(1);
    await expect(bob.emitWithAck('find')).toBeAcked(expect.toSatisfy((ids: string[]) => ids.length === 2));

    await cluster.heal();
    await cluster.settle();
    await expect(bob.emitWithAck('count nodes')).toBeAcked(3);
    bob.emit('announce', 'from 1');
    await expect(everybody).toBeAllWhoReceive('announced', 'from 1');
    expect(alice.received('announced')).toEqual([['under way'], ['not sent'], ['from 0'], ['from 1']]);
  });

  test.each([
    { to: 'its node', node: 1, recovered: true, received: ['before', 'meanwhile', 'after'] },
    { to: 'another node', node: 0, recovered: false, received: ['before', 'after'] },
  ])('a client that returns to $to is recovered: $recovered', async ({ node, recovered, received }) => {
    await using cluster = await startTestCluster(PlainModule, {
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
    });
    const alice = await cluster.connect({ name: 'alice', node: 0 });
    let to = 1;
    const createConnection = (): TcpSocket => connect(cluster.nodes[to]!.port, '127.0.0.1');
    const agent = Object.assign(new Agent(), { createConnection }) as never;
    const bob = io(cluster.nodes[1]!.url, { agent, transports: ['websocket'], reconnection: false, forceNew: true });
    try {
      const heard: unknown[] = [];
      const connected = (): Promise<unknown> => new Promise((resolve) => bob.once('connect', () => resolve(true)));
      bob.on('announced', (text) => heard.push(text));
      await connected();
      alice.emit('announce', 'before');
      await vi.waitFor(() => expect(heard).toEqual(['before']));
      to = node;
      bob.io.engine.close();
      // The sessions of a node are kept when it has noticed that a client has gone.
      await vi.waitFor(async () => expect(await alice.emitWithAck('find')).toEqual([alice.id]));
      alice.emit('announce', 'meanwhile');
      bob.connect();
      await connected();
      alice.emit('announce', 'after');
      await vi.waitFor(() => expect(heard.at(-1)).toBe('after'));
      expect(bob.recovered).toBe(recovered);
      expect(heard).toEqual(received);
    } finally {
      bob.close();
    }
  });
});

describe('an adapter that the app sets', () => {
  redisTest('in its IoAdapter joins the nodes, and settle() waits for what is in its streams', async ({ redisUrl }) => {
    await using link = await openLink(redisUrl);
    await using redis = await openClients(redisUrl, 1);
    const [client] = redis.clients;
    const streamName = randomUUID();
    // The adapter duplicates its client for the stream, and then for pub/sub. Only the stream takes the link.
    let duplicates = 0;
    const slow = createClient({ url: link.url });
    const duplicate = (): typeof slow => (duplicates++ % 2 === 0 ? slow : client!).duplicate();
    class StreamsIoAdapter extends IoAdapter {
      override createIOServer(on: number, options?: Parameters<IoAdapter['createIOServer']>[1]): Server {
        const publisher = Object.assign(Object.create(client!) as object, { duplicate });
        const create = createStreamsAdapter(publisher, { streamName, channelPrefix: streamName, blockTimeInMs: 100 });
        return super.createIOServer(on, options).adapter(function adapter(namespace: Namespace) {
          return create(namespace);
        } as never);
      }
    }
    const setup = (nest: INestApplication): void => void nest.useWebSocketAdapter(new StreamsIoAdapter(nest));
    await using cluster = await startTestCluster(PlainModule, { nodes: 3, setup });
    expect(adapterNames(cluster)).toEqual(Array.from({ length: 3 }, () => 'RedisStreamsAdapter'));
    const [alice, bob, carol] = await connectEach(cluster);
    await link.latency(150, { stream: 'downstream' });
    alice.emit('announce', 'slowly');
    await cluster.settle();
    expect([bob, carol].map((one) => one.received('announced'))).toEqual([[['slowly']], [['slowly']]]);
    await client!.del(streamName);
  });

  redisTest('in afterInit of a gateway joins the nodes, and settle() waits for it', async ({ redisUrl }) => {
    await using link = await openLink(redisUrl);
    await using redis = await openClients(link.url, 4);
    const { clients } = redis;
    const key = randomUUID();
    @WebSocketGateway()
    class JoiningGateway extends RoomGateway implements OnGatewayInit {
      private static nodes = 0;

      afterInit(server: Server): void {
        const first = 2 * JoiningGateway.nodes++;
        server.adapter(createRedisAdapter(clients[first], clients[first + 1], { key }));
      }
    }
    @Module({ providers: [JoiningGateway] })
    class JoiningModule {}
    await using cluster = await startTestCluster(JoiningModule);
    expect(adapterNames(cluster)).toEqual(['RedisAdapter', 'RedisAdapter']);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    await link.latency(150, { stream: 'downstream' });
    alice.emit('announce', 'slowly');
    await cluster.settle();
    expect(bob.received('announced')).toEqual([['slowly']]);
  });

  test('gives way to the option adapter', async () => {
    class AppAdapter extends Adapter {}
    class OptionAdapter extends Adapter {}
    await using cluster = await startTestCluster(PlainModule, {
      nodes: 1,
      server: { adapter: AppAdapter },
      adapter: () => (namespace) => new OptionAdapter(namespace),
    });
    expect(adapterNames(cluster)).toEqual(['OptionAdapter']);
  });

  test('without serverSideEmit fails to start', async () => {
    class MuteAdapter extends Adapter {
      override serverCount(): Promise<number> {
        return Promise.resolve(2);
      }

      override serverSideEmit(): void {}
    }
    const starting = startTestCluster(PlainModule, { adapter: () => MuteAdapter, timeout: 300 });
    await expect(starting).rejects.toThrow(
      "The 2 nodes do not answer each other's serverSideEmitWithAck(), without which settle() does not know " +
        'what is in flight between them. Their adapter has to support it.',
    );
  });
});

function adapterNames({ nodes }: TestCluster): string[] {
  return nodes.map(({ io: server }) => server.of('/').adapter.constructor.name);
}

describe('the option adapter', () => {
  test('names the adapters that it knows', async () => {
    const starting = startTestCluster(PlainModule, { adapter: 'kafka' as 'redis' });
    await expect(starting).rejects.toThrow(
      "startTestCluster knows the adapters 'redis', 'redis-sharded', 'redis-streams', and functions; got 'kafka'.",
    );
  });

  test('needs a Redis for an adapter of Redis', async () => {
    const starting = startTestCluster(PlainModule, { adapter: 'redis-streams' });
    await expect(starting).rejects.toThrow(
      "The adapter 'redis-streams' needs a Redis: startTestCluster(AppModule, { redis: { url } }).",
    );
  });

  test('names the address of a Redis that does not answer', async () => {
    const redis = { url: 'redis://user:secret@127.0.0.1:1' };
    vi.stubEnv('REALTIME_TIMEOUT_FACTOR', '0.05');
    try {
      const starting = startTestCluster(PlainModule, { redis, adapter: 'redis-sharded' });
      await expect(starting).rejects.toThrow(
        'Redis at 127.0.0.1:1 could not be reached (connect ECONNREFUSED 127.0.0.1:1)',
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

redisTest.for(['redis', 'redis-sharded', 'redis-streams'] as const)(
  '%s leaves nothing in Redis',
  async (adapter, { redisUrl }) => {
    // Other tests use that one at the same time.
    expect(redisUrl).toBeDefined();
    await using own = await startRedis();
    const client = await createClient({ url: own.url }).connect();
    const leftInRedis = async (): Promise<unknown[]> => [
      await client.keys('*'),
      await client.pubSubChannels(),
      await client.pubSubShardChannels(),
      (await client.clientList()).length,
    ];
    const nothing = await leftInRedis();
    try {
      const cluster = await startTestCluster(PlainModule, {
        redis: { url: own.url },
        adapter,
        server: adapter === 'redis-streams' ? { connectionStateRecovery: {} } : {},
      });
      const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
      await alice.emitWithAck('join', 'lobby');
      bob.emit('announce', 'hi');
      await expect([alice, bob]).toBeAllWhoReceive('announced', 'hi');
      alice.socket.io.engine.close();
      await cluster.settle();
      expect(await leftInRedis()).not.toEqual(nothing);
      await cluster.close();
      expect(await leftInRedis()).toEqual(nothing);
    } finally {
      client.destroy();
    }
  },
);
