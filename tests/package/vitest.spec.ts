import { beforeAll, describe, expect, test } from 'vitest';
import { cells } from './support/cells.js';
import { createConsumer } from './support/consumer.js';
import { run, runToFailure } from './support/run.js';

/* The fixtures, in each major of Vitest that the package names. */

const matrix = cells(
  { vitest: '4', nest: 12, node: ['@types/node@20'] },
  { vitest: '3.2', nest: 11, node: ['@types/node@20'] },
  // Vitest 5 needs a Node of its own: 22.12 or later.
  { vitest: '5', nest: 12, node: ['@types/node@24', 'node@24'] },
);

describe.each(matrix)('under Vitest $vitest, in a Nest $nest app', ({ vitest, nest, node }) => {
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`vitest-${vitest}`, {
      files: 'consumer',
      type: 'module',
      nest,
      dependencies: [`vitest@${vitest}`, 'unplugin-swc', '@swc/core', ...node],
    });
  });

  test('both entry points, the matchers and their declarations type-check', async () => {
    await run(directory, 'tsc');
  });

  test('the tests of the README pass, with shared apps', async () => {
    const output = await run(directory, 'vitest', 'run', '--exclude', 'forgotten.spec.ts');
    expect(output).toContain(` v${vitest}.`);
    expect(output).toMatch(/Tests {2}9 passed \(9\)/);
  });

  test('an assertion that nobody awaited fails its test without an unhandled error', async () => {
    const output = await runToFailure(directory, 'vitest', 'run', 'forgotten.spec.ts');
    expect(output).toMatch(/Tests {2}3 failed \(3\)/);
    expect(output.match(/Error: This expectation was not awaited/g)).toHaveLength(3);
    expect(output).not.toContain('Unhandled');
  });
});
