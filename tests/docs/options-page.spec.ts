import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { optionsPage } from '../integration/support/docs/options-page.js';

/* `pnpm docs:options` writes the page anew. */

test('docs/reference/options.md has every option with its docstring', async () => {
  const page = new URL('../../docs/reference/options.md', import.meta.url).pathname;
  const formatted = await format(optionsPage(), { ...(await resolveConfig(page)), filepath: page });
  await expect(formatted).toMatchFileSnapshot(page);
});
