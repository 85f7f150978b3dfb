import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the package holds what its exports name, and publint reports nothing', async () => {
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const { messages, pkg } = await publint({ pkgDir: root, pack: 'npm' });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

/** The packages that an entry's declarations import, directly or by way of others of ours. */
async function packagesOf(entry: string, seen = new Set<string>()): Promise<Set<string>> {
  const packages = new Set<string>();
  if (seen.has(entry)) return packages;
  seen.add(entry);
  const declarations = await readFile(entry, 'utf8');
  for (const [, specifier = ''] of declarations.matchAll(/(?:from |import\()['"]([^'"]+)['"]/g)) {
    if (specifier.startsWith('.')) {
      const file = join(dirname(entry), specifier.replace(/\.js$/, '.d.ts'));
      for (const name of await packagesOf(file, seen)) packages.add(name);
    } else if (!specifier.startsWith('node:')) {
      packages.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return packages;
}

/** Those that npm installs with ours. */
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const ofGateways = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-socket.io', '@nestjs/websockets', 'rxjs'];
const ofTests = [...ofGateways, '@nestjs/testing', 'socket.io-client'];

test.each([
  ['websocket', ofGateways],
  ['testing', ofTests],
  ['testing/vitest', [...ofTests, 'vitest']],
  ['testing/vitest/reporter', [...ofTests, 'vitest']],
  ['testing/redis', ['testcontainers']],
])('the types of %s import only its own peer dependencies', async (entry, peers) => {
  const packages = await packagesOf(join(root, 'dist', entry, 'index.d.ts'));
  const known = new Set([...peers, ...Object.keys(dependencies)]);
  expect([...packages].filter((name) => !known.has(name))).toEqual([]);
});
