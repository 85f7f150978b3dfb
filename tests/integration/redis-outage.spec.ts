import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import { openLink, startTestApp, startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { ChatGateway } from './support/chat.js';
import { test } from './support/redis.js';

test('nodes survive an outage of Redis, and are joined again after it', async ({ redisUrl }) => {
  await using link = await openLink(redisUrl);
  const redis = { url: link.url, keyPrefix: randomUUID() };
  @Module({ imports: [WebsocketModule.forRoot({ redis })], providers: [ChatGateway] })
  class JoinedModule {}
  await using cluster = await startTestCluster(JoinedModule, { timeout: 4_500 });
  const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
  alice.emit('announce', 'before');
  await expect(bob).toReceive('announced', 'before');

  await link.cut();
  for (const node of cluster.nodes) await expect(node).toHaveLogged(/^Redis is gone \(.+\); until it is back/);
  alice.emit('announce', 'during');
  await expect(alice).toReceive('announced', 'during');
  // Asks how many nodes there are, which nobody can say.
  const { io } = cluster.nodes[0]!;
  expect(
    await io
      .timeout(100)
      .emitWithAck('anybody?')
      .catch(({ message }: Error) => message),
  ).toMatch(/timed out/);

  await link.heal();
  for (const node of cluster.nodes) await expect(node).toHaveLogged(/^Redis is back; \d commands were lost/);
  alice.emit('announce', 'after');
  await expect(bob).toReceive('announced', 'after');
  expect(bob.received('announced')).toEqual([['before'], ['after']]);
});

test('an outage of Redis is logged once, and its end when both clients are connected again', async ({ redisUrl }) => {
  await using link = await openLink(redisUrl);
  @Module({ imports: [WebsocketModule.forRoot({ redis: { url: link.url } })] })
  class SingleModule {}
  await using app = await startTestApp(SingleModule, { timeout: 4_500 });
  await link.cut();
  await expect(app).toHaveLogged(/^Redis is gone/);
  await link.heal();
  await expect(app).toHaveLogged(/^Redis is back/);
  const logged = app.logs.entries.filter(({ context }) => context === 'RedisBackplane').map(({ level }) => level);
  expect(logged).toEqual(['error', 'log']);
});

test('a client of ioredis joins the nodes', async ({ redisUrl }) => {
  const client = new Redis(redisUrl);
  try {
    @Module({
      imports: [WebsocketModule.forRoot({ redis: { client, keyPrefix: randomUUID() } })],
      providers: [ChatGateway],
    })
    class BorrowingModule {}
    await using cluster = await startTestCluster(BorrowingModule);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    alice.emit('announce', 'hello');
    await expect(bob).toReceive('announced', 'hello');
    await expect(bob).not.toReceive('announced');
  } finally {
    client.disconnect();
  }
});

test("the module closes the Redis clients that it opened, and leaves the user's own client open", async ({
  redisUrl,
}) => {
  // Other tests use the same Redis. A client's duplicates have its name.
  const name = randomUUID();
  const client = createClient({ url: redisUrl, name });
  await client.connect();
  try {
    const connections = async (): Promise<number> => {
      const list = await client.sendCommand<string>(['CLIENT', 'LIST']);
      return list.split('\n').filter((line) => line.includes(`name=${name}`)).length;
    };
    const before = await connections();
    const redis = { client, keyPrefix: randomUUID() };
    @Module({ imports: [WebsocketModule.forRoot({ redis })], providers: [ChatGateway] })
    class BorrowingModule {}
    {
      await using cluster = await startTestCluster(BorrowingModule);
      expect(await connections()).toBe(before + 2);
      const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
      alice.emit('announce', 'hello');
      await expect(bob).toReceive('announced', 'hello');
    }
    await expect.poll(connections).toBe(before);
    expect(await client.ping()).toBe('PONG');
  } finally {
    client.destroy();
  }
});

test('a Redis client that is not connected fails the boot', async ({ redisUrl }) => {
  const client = createClient({ url: redisUrl });
  @Module({ imports: [WebsocketModule.forRoot({ redis: { client } })] })
  class UnconnectedModule {}
  await expect(startTestCluster(UnconnectedModule)).rejects.toThrow(
    '"redis.client" is not connected. Connect it before it is handed over.',
  );
});

test.for(['redis', 'ioredis'])(
  'foreign messages on the Redis channels of the nodes are ignored and logged (%s)',
  async (name, { redisUrl }) => {
    const keyPrefix = randomUUID();
    const publisher = await createClient({ url: redisUrl }).connect();
    const own = name === 'redis' ? await createClient({ url: redisUrl }).connect() : new Redis(redisUrl);
    own.on('error', () => {});
    @Module({
      imports: [WebsocketModule.forRoot({ redis: { client: own, keyPrefix } })],
      providers: [ChatGateway],
    })
    class JoinedModule {}
    await using cluster = await startTestCluster(JoinedModule);
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    const valid = Buffer.from([0x91, 0xa1, 0x78]);
    for (const channel of ['#/#', '#/#lobby#', '-request#/#', '-response#/#']) {
      for (const garbage of [
        Buffer.from('garbage'),
        Buffer.from([0xc1, 0xff]),
        valid,
        Buffer.from('{}'),
        Buffer.alloc(0),
      ]) {
        await publisher.publish(`${keyPrefix}${channel}`, garbage);
      }
    }
    alice.emit('announce', 'still here');
    await expect(bob).toReceive('announced', 'still here');
    for (const node of cluster.nodes) {
      await expect(node).toHaveLogged(/^A message on the channels of Redis is not one of a node/, {
        level: 'error',
      });
    }
    await publisher.close();
    if (own instanceof Redis) own.disconnect();
    else own.destroy();
  },
);
