import { expect, test } from 'vitest';
import { reportOf } from '../../bench/report/page.js';
import { read } from '../integration/support/docs/blocks.js';

/* docs/explanations/performance.md and its plots tell what bench/results holds; `pnpm bench report` writes them anew. */

test('docs/explanations/performance.md and its plots match the stored benchmark results', async () => {
  const files = await reportOf(read('docs/explanations/performance.md'));
  expect(files.size).toBeGreaterThan(1);
  expect([...files.keys()].map((path) => [path, read(path)])).toEqual([...files]);
});
