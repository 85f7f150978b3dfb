import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { test as withRedis } from '../integration/support/redis.js';
import { createConsumer } from '../package/support/consumer.js';
import { run } from '../package/support/run.js';
import { isWhole, nodeOf, nodes, ALL_STARTS, STARTS, TIMEOUT } from './support/matrix.js';
import { startServer } from '../support/server-process.js';
import { visitAndEnd } from './support/visit.js';

/** The versions of Nest, of the package `redis`, and of Engine.IO that a project has. */
const projects = isWhole
  ? [
      { nest: 12, redis: 6, engine: '6.6.13' },
      { nest: 12, redis: 5, engine: '6.6.12' },
      { nest: 11, redis: 6, engine: '6.6.12' },
      { nest: 11, redis: 5, engine: '6.6.0' },
    ]
  : [{ nest: 12, redis: 6, engine: '6.6.13' }];
const platforms = isWhole ? ['express', 'fastify'] : ['express'];

describe.each(projects)('an app on Nest $nest with redis $redis and engine.io $engine', ({ nest, redis, engine }) => {
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`processes-${nest}-${redis}`, {
      files: '../processes/app',
      type: 'module',
      nest,
      dependencies: [`@nestjs/platform-fastify@${nest}`, '@socket.io/redis-adapter', `redis@${redis}`, 'ioredis'],
      overrides: { 'engine.io': engine },
    });
  }, 240_000);

  describe.each(nodes)('on Node %i', (node) => {
    describe.each(platforms)('with %s', (http) => {
      const serve = async (env: Record<string, string>): Promise<void> => {
        for (let start = 0; start < STARTS; start += 1) {
          await using server = await startServer({
            node: nodeOf(node),
            script: 'server.mjs',
            env: { HTTP: http, ...env },
            cwd: directory,
          });
          await visitAndEnd(server, 'echo');
        }
      };

      test(`without Redis: ${ALL_STARTS}`, { timeout: TIMEOUT }, () => serve({}));

      withRedis.for(['url', 'redis', 'ioredis'])(
        `with Redis by %s: ${ALL_STARTS}`,
        { timeout: TIMEOUT },
        (client, { redisUrl }) => serve({ REDIS: client, REDIS_URL: redisUrl }),
      );
    });
  });

  test('a drain recognises a client that has answered heartbeats before', { timeout: 60_000 }, async () => {
    const OPTIONS = JSON.stringify({ pingInterval: 3_000, shutdown: { timeout: 2_000 } });
    await using server = await startServer({ script: 'server.mjs', env: { OPTIONS }, cwd: directory });
    const client = io(server.url, { transports: ['websocket'], reconnection: false });
    await new Promise<void>((resolve) => client.io.once('ping', resolve));
    const left = new Promise((resolve) => client.once('disconnect', resolve));
    await server.terminate();
    expect(await left).toBe('transport close');
    expect(server.output.stdout + server.output.stderr).not.toContain('Cut off');
  });

  test('a request whose body arrives slowly is answered', { timeout: 60_000 }, async () => {
    await using server = await startServer({ script: 'server.mjs', cwd: directory });
    const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
    const post = request(`${polling}&sid=${sid}`, { method: 'POST', headers: { 'content-length': 28 } });
    const answered = new Promise<number | undefined>((resolve) => {
      post.on('response', ({ statusCode }) => resolve(statusCode));
    });
    post.write('40\x1e42["slow","');
    for (let parts = 0; parts < 12; parts += 1) {
      await delay(1_000);
      post.write('.');
    }
    post.end('"]');
    expect(await answered).toBe(200);
  });

  test('the installed version of Engine.IO is the requested one', async () => {
    const output = await run(directory, 'npm', 'pkg', 'get', 'version', '--prefix', 'node_modules/engine.io');
    expect(JSON.parse(output)).toBe(engine);
  });
});
