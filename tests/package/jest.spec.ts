import { beforeAll, describe, expect, test } from 'vitest';
import { cells } from './support/cells.js';
import { createConsumer } from './support/consumer.js';
import { run } from './support/run.js';

/* The core under Jest, in CommonJS, compiled by SWC. */

const uncompiled = '--transformIgnorePatterns=/node_modules/';

const matrix = cells(
  { nest: 11, title: 'as it is', node: [], options: [uncompiled] },
  { nest: 12, title: 'compiled', node: [], options: [] },
  { nest: 12, title: 'as it is', node: ['node@24'], options: [uncompiled] },
);

describe.each(matrix)('under Jest, in an app of Nest $nest, $title', ({ nest, title, node, options }) => {
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`jest-${nest}-${title.replace(/ /g, '-')}`, {
      files: 'jest',
      type: 'commonjs',
      nest,
      dependencies: ['jest@30', '@swc/jest', '@swc/core', '@types/jest@30', '@types/node@20', ...node],
    });
  });

  test('the core and its declarations type-check', async () => {
    await run(directory, 'tsc');
  });

  test('the tests of the core pass without an open handle, and Jest exits by itself', async () => {
    // Jest loads what is ESM only with this, from Node 24.9 on.
    const modules = node.length > 0 ? ['--experimental-vm-modules'] : [];
    const jest = [
      ...modules,
      'node_modules/jest/bin/jest.js',
      '--detectOpenHandles',
      '--cacheDirectory=cache',
      '--testTimeout=30000',
    ];
    const output = await run(directory, 'node', ...jest, ...options);
    expect(output).toMatch(/Tests: {7}11 passed, 11 total/);
    expect(output).not.toContain('open handle');
  });
});
