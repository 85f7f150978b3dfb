import { beforeAll, describe, expect, test } from 'vitest';
import { cells } from './support/cells.js';
import { createConsumer } from './support/consumer.js';
import { run } from './support/run.js';

/* The core under Jest, in CommonJS, compiled by SWC. */

const matrix = cells(
  { nest: 11, options: ['--transformIgnorePatterns=/node_modules/(?!(nest-realtime-kit)/)'] },
  // Nest 12 is ESM itself, which Jest cannot load uncompiled before Node 24.9; its configuration says so.
  { nest: 12, options: [] },
);

describe.each(matrix)('under Jest, in a Nest $nest app', ({ nest, options }) => {
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`jest-${nest}`, {
      files: 'jest',
      type: 'commonjs',
      nest,
      dependencies: ['jest@30', '@swc/jest', '@swc/core', '@types/jest@30', '@types/node@20'],
    });
  });

  test('the core has its types, with libraries checked', async () => {
    await run(directory, 'tsc');
  });

  test('tests of the core pass, leave no handle open, and Jest exits by itself', async () => {
    const output = await run(directory, 'jest', '--detectOpenHandles', '--cacheDirectory=cache', ...options);
    expect(output).toMatch(/Tests: {7}10 passed, 10 total/);
    expect(output).not.toContain('open handle');
  });
});
