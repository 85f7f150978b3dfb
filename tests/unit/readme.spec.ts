import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const readme = read('README.md');
const blocks = [...readme.matchAll(/(?:<!-- tested: (\S+) -->\n\n)?```ts\n([^]*?)```\n/g)].map(
  ([, file, code]) => ({ file, code }),
);

test.each(blocks)(
  'a code block of the README stands, to the letter, in $file, which is run',
  ({ file, code }) => {
    expect(file).toBeDefined();
    expect(read(file!)).toBe(code);
  },
);

test('every command of the README is a script', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = [...readme.matchAll(/pnpm(?:@12)? ([a-z:]+)/g)].map(([, script]) => script!);
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((script) => !(script in scripts))).toEqual([]);
});
