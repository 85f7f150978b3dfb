import { Test } from '@nestjs/testing';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { afterEach, onTestFinished, vi } from 'vitest';
import { test } from '../support/redis.js';
import { AppModule } from './redis-emitter.app.js';
import { Shipping } from './redis-emitter.worker.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function start(redisUrl: string): Promise<{ nodes: [TestApp, TestApp]; shipping: Shipping }> {
  vi.stubEnv('REDIS_URL', redisUrl);
  const client = { namespace: 'orders' };
  const nodes: [TestApp, TestApp] = [
    await startTestApp(AppModule, { client }),
    await startTestApp(AppModule, { client }),
  ];
  const worker = await Test.createTestingModule({ providers: [Shipping] }).compile();
  await worker.init();
  onTestFinished(async () => {
    await worker.close();
    for (const node of nodes) await node.close();
  });
  return { nodes, shipping: worker.get(Shipping) };
}

test('a worker reaches the clients of a room on every node, and no other client', async ({ redisUrl }) => {
  const { nodes, shipping } = await start(redisUrl);
  const [alice, bob] = [await nodes[0].connect(), await nodes[1].connect()];
  const carol = await nodes[1].connect();
  await Promise.all([alice, bob].map((client) => client.emitWithAck('follow', '7')));
  await carol.emitWithAck('follow', '8');
  shipping.ship('7');
  shipping.ship('8');
  await expect(alice).toReceive('shipped', '7');
  await expect(bob).toReceive('shipped', '7');
  await expect(carol).toReceive('shipped', '8');
  expect(carol.received('shipped')).toEqual([['8']]);
});

test('a worker disconnects the clients of a room', async ({ redisUrl }) => {
  const { nodes, shipping } = await start(redisUrl);
  const [alice, bob] = [await nodes[0].connect(), await nodes[1].connect()];
  await alice.emitWithAck('follow', '7');
  shipping.cancel('7');
  await expect(alice).toBeDisconnected();
  await expect(bob).toBeConnected();
});
