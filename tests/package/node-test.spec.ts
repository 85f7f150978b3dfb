import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cells } from './support/cells.js';
import { createConsumer } from './support/consumer.js';
import { run } from './support/run.js';

/* The core with Node's own test runner and no other, in CommonJS, compiled by TypeScript. */

describe.each(cells(12, 11))('under node:test, in a Nest %i app', (nest) => {
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`node-test-${nest}`, {
      files: 'node-test',
      type: 'commonjs',
      nest,
      dependencies: ['@types/node@20'],
    });
    await run(directory, 'tsc');
  });

  test('the package brings no other test runner', async () => {
    const installed = await readdir(join(directory, 'node_modules'));
    expect(installed).toContain('nest-realtime-kit');
    expect(installed.filter((name) => /vitest|jest/.test(name))).toEqual([]);
  });

  test('the app requires the package', async () => {
    expect(await readFile(join(directory, 'dist/chat.module.js'), 'utf8')).toContain('require("nest-realtime-kit")');
  });

  test('require() and import() of the package return the same module', async () => {
    const script = `
      const required = require('nest-realtime-kit/testing');
      import('nest-realtime-kit/testing').then(({ startTestApp }) => console.log(startTestApp === required.startTestApp));
    `;
    expect(await run(directory, 'node', '--eval', script)).toMatch(/^true\n/);
  });

  test('the tests of the core pass, and the process exits by itself', async () => {
    const tests = ['chat', 'crowd', 'room', 'statements', 'cluster'].map((name) => `dist/${name}.test.js`);
    const output = await run(directory, 'node', '--test', '--test-reporter=tap', ...tests);
    expect(output).toMatch(/^# pass 11\n# fail 0\n# cancelled 0\n# skipped 0\n/m);
  });

  test('the option "redis" without its packages fails with an error that names them', async () => {
    const output = await run(directory, 'node', 'redis-without-packages.mjs');
    expect(output).toContain(
      'WebsocketModule: option "redis" needs the package "@socket.io/redis-adapter", which cannot be loaded. ' +
        'Install it: npm install @socket.io/redis-adapter redis',
    );
  });

  test('there is one copy of socket.io', async () => {
    const lock = JSON.parse(await readFile(join(directory, 'package-lock.json'), 'utf8')) as {
      packages: object;
    };
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith('node_modules/socket.io'));
    expect(copies).toHaveLength(1);
  });
});
