import type { Server } from 'node:http';
import { Injectable, Module, type INestApplication, type OnModuleDestroy } from '@nestjs/common';
import { startTestCluster, type CreateAdapter } from 'nest-realtime-kit/testing';
import { startRedis } from 'nest-realtime-kit/testing/redis';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { ChatModule, PlainChatModule } from '../integration/support/chat.js';
import { test as redisTest } from '../integration/support/redis.js';
import { startBuiltChat } from './support/built-chat.js';
import { ownAdapter } from './support/own-adapter.js';

const CLOSED = 'The cluster was closed before the node had started.';

describe.each(['apps', 'processes'])('while one of two %s ends', (kind) => {
  const start = (url: string) =>
    kind === 'apps' ? startTestCluster(ChatModule, { redis: { url } }) : startBuiltChat(url, { nodes: 2 });

  redisTest('settle() waits for what it has published', async ({ redisUrl }) => {
    await using cluster = await start(redisUrl);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    await cluster.nodes[1]!.redisLink!.latency(300, { stream: 'downstream' });
    alice.emit('announce', 'last words');
    await alice.next('announced');
    const ending = cluster.nodes[0]!.terminate();
    await cluster.settle();
    expect(bob.received('announced')).toEqual([['last words']]);
    await ending;
    await cluster.settle();
  });

  redisTest('settle() waits for its handlers', async ({ redisUrl }) => {
    await using cluster = await start(redisUrl);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say-late', kind === 'apps' ? 'late' : { room: 'lobby', text: 'late', after: 800 });
    await alice.emitWithAck('join', 'elsewhere');
    const ending = cluster.nodes[0]!.terminate();
    await cluster.settle();
    expect(bob.received('said')).toEqual([['late']]);
    await ending;
  });

  redisTest('a node that was being added is closed with the cluster', async ({ redisUrl }) => {
    const cluster = await start(redisUrl);
    const adding = expect(cluster.addNode()).rejects.toThrow(CLOSED);
    await cluster.close();
    await adding;
    await expect(cluster.rollingRestart()).rejects.toThrow(CLOSED);
    await expect(cluster.addNode()).rejects.toThrow(CLOSED);
  });
});

/** Takes its time, or forever. */
@Injectable()
class SlowHook implements OnModuleDestroy {
  static takes: Promise<unknown> = Promise.resolve();

  async onModuleDestroy(): Promise<void> {
    await SlowHook.takes;
  }
}

@Module({ imports: [ChatModule], providers: [SlowHook] })
class SlowModule {}

describe('kill()', () => {
  test('ends an app that is terminating, and one whose hooks never end', async () => {
    await using cluster = await startTestCluster(SlowModule, { nodes: 2, timeout: 500 });
    const alice = await cluster.connect({ node: 1 });
    let end: () => void;
    SlowHook.takes = new Promise<void>((resolve) => (end = resolve));
    const terminating = cluster.nodes[1]!.terminate();
    const exit = await cluster.nodes[1]!.kill();
    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' });
    await expect(alice).toBeDisconnected();
    end!();
    expect(await terminating).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('closes what an adapter of the user has opened, once', async () => {
    const create = ownAdapter();
    const closed: number[] = [];
    const adapter: CreateAdapter = async (node, ...of) => ({
      adapter: (await create(node, ...of)) as never,
      close: () => closed.push(node),
    });
    const cluster = await startTestCluster(PlainChatModule, { nodes: 2, adapter });
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    await cluster.nodes[1]!.kill();
    await expect(bob).toBeDisconnected();
    alice.emit('announce', 'alone');
    await expect(alice).toReceive('announced', 'alone');
    await cluster.close();
    expect(closed).toEqual([1, 0]);
  });

  redisTest('lets a settle() of the others go on', async ({ redisUrl }) => {
    await using cluster = await startBuiltChat(redisUrl, { nodes: 3 });
    const bob = await cluster.connect({ node: 1 });
    bob.emit('say-late', { room: 'lobby', text: 'never', after: 60_000 });
    await bob.emitWithAck('join', 'lobby');
    const settling = cluster.settle();
    await cluster.nodes[1]!.kill();
    await settling;
  });
});

redisTest('a node that cannot join the others is closed, and named', async ({ redisUrl }) => {
  expect(redisUrl).toBeDefined();
  await using redis = await startRedis();
  const apps: INestApplication[] = [];
  await using cluster = await startTestCluster(ChatModule, {
    redis,
    setup: async (app) => {
      if (apps.push(app) === 3) await redis.pause();
    },
  });
  await expect(cluster.addNode()).rejects.toThrow('Node 2 has started, but cannot join the others: ');
  await redis.resume();
  expect(apps.map((app) => (app.getHttpServer() as Server).listening)).toEqual([true, true, false]);
});
