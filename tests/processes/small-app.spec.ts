import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createConsumer } from '../package/support/consumer.js';
import { run } from '../package/support/run.js';
import { isWhole, nodeOf, STARTS } from './support/matrix.js';
import { startServer } from './support/server-process.js';
import { visitAndEnd } from './support/visit.js';

const files = fileURLToPath(new URL('app', import.meta.url));

/** The versions of Nest, of the package `redis`, and of Engine.IO that a project has. */
const projects = isWhole
  ? [
      { nest: 12, redis: 6, engine: '6.6.13' },
      { nest: 12, redis: 5, engine: '6.6.12' },
      { nest: 11, redis: 6, engine: '6.6.12' },
      { nest: 11, redis: 5, engine: '6.6.13' },
    ]
  : [{ nest: 12, redis: 6, engine: '6.6.13' }];
const nodes = isWhole ? [20, 24] : [Number(process.versions.node.split('.', 1)[0])];
const platforms = isWhole ? ['express', 'fastify'] : ['express'];
const clients = ['none', 'url', 'redis', 'ioredis'];

describe.each(projects)(
  'on Nest $nest with redis $redis and engine.io $engine,',
  ({ nest, redis, engine }) => {
    let directory: string;

    beforeAll(async () => {
      directory = await createConsumer(`processes-${nest}-${redis}`, {
        files,
        type: 'module',
        nest,
        dependencies: [
          `@nestjs/platform-fastify@${nest}`,
          '@socket.io/redis-adapter',
          `redis@${redis}`,
          'ioredis',
        ],
        overrides: { 'engine.io': engine },
      });
    }, 240_000);

    describe.each(nodes)('Node %i', (node) => {
      describe.each(platforms)('and %s', (http) => {
        test.each(clients)(
          `Redis by %s: ${STARTS} of ${STARTS} starts listen, serve every transport, and exit 0 on SIGTERM`,
          { timeout: STARTS * 20_000 },
          async (client) => {
            const env = { HTTP: http, REDIS: client, REDIS_URL: inject('redisUrl')! };
            for (let start = 0; start < STARTS; start += 1) {
              await using server = await startServer(nodeOf(node), 'server.mjs', env, directory);
              await visitAndEnd(server, 'echo');
            }
          },
        );
      });
    });

    test('a request whose body takes its time is answered', { timeout: 60_000 }, async () => {
      await using server = await startServer(process.execPath, 'server.mjs', { REDIS: 'none' }, directory);
      const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
      const post = request(`${polling}&sid=${sid}`, { method: 'POST', headers: { 'content-length': 42 } });
      const answered = new Promise<number | undefined>((resolve) => {
        post.on('response', ({ statusCode }) => resolve(statusCode));
      });
      post.write('40');
      for (let parts = 0; parts < 12; parts += 1) {
        await delay(1_000);
        post.write('\x1e42');
      }
      post.end('[""]');
      expect(await answered).toBe(200);
    });

    test('the version of Engine.IO is the one that was asked for', async () => {
      const output = await run(directory, 'node', '-p', "require('engine.io/package.json').version");
      expect(output.trim()).toBe(engine);
    });
  },
);
