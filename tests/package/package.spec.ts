import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('consumer', import.meta.url));
const execute = promisify(execFile);
let workspace: string;
let tarball: string;

async function run(directory: string, command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      cwd: directory,
      env: { ...process.env, NO_COLOR: '1' },
    });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'nest-realtime-kit-'));
  const packed = await run(root, 'npm', 'pack', '--json', '--pack-destination', workspace);
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }];
  tarball = join(workspace, filename);
}, 120_000);

afterAll(() => rm(workspace, { recursive: true, force: true }));

/** A new project outside of the repository, with the package from its tarball. */
async function createConsumer(name: string, dependencies: string[]): Promise<string> {
  const directory = join(workspace, name);
  await cp(fixtures, directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  await run(directory, 'npm', 'install', '--no-audit', '--no-fund', tarball, ...dependencies);
  return directory;
}

test('holds what its exports name, and publint has nothing to say', { timeout: 60_000 }, async () => {
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

const nestPackages = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-socket.io', '@nestjs/websockets'];

test.each([
  ['websocket', nestPackages],
  ['testing', [...nestPackages, '@nestjs/testing', 'socket.io-client', 'rxjs']],
  ['testing/vitest', [...nestPackages, '@nestjs/testing', 'socket.io-client', 'rxjs', 'vitest']],
  ['testing/redis', ['testcontainers']],
])('the types of %s need its own peers and no others', async (entry, peers) => {
  const packages = await packagesOf(join(root, 'dist', entry, 'index.d.ts'));
  expect([...packages].filter((name) => !peers.includes(name))).toEqual([]);
});

describe.each([11, 12])('in an empty Nest %i app', (major) => {
  const nest = ['common', 'core', 'platform-express', 'platform-socket.io', 'websockets', 'testing'];
  let directory: string;

  beforeAll(async () => {
    directory = await createConsumer(`nest-${major}`, [
      ...nest.map((name) => `@nestjs/${name}@${major}`),
      'reflect-metadata',
      'rxjs',
      'socket.io-client',
      'typescript@5',
      'vitest@4',
      'unplugin-swc',
      '@swc/core',
      '@types/node@20',
    ]);
  }, 240_000);

  test(
    'both halves have their types, under strict TypeScript with libraries checked',
    { timeout: 60_000 },
    async () => {
      await run(directory, 'npx', 'tsc', '-p', 'tsconfig.json');
    },
  );

  test('the tests of the README pass', { timeout: 60_000 }, async () => {
    expect(await run(directory, 'npx', 'vitest', 'run')).toMatch(/Tests {2}5 passed \(5\)/);
  });

  test('a CommonJS build requires it', { timeout: 60_000 }, async () => {
    const print = 'console.log(Object.keys(require("nest-realtime-kit")).sort().join())';
    expect(await run(directory, 'node', '-e', print)).toContain('EventsGateway,');
  });

  test('asking for Redis without its packages is a clear error', { timeout: 60_000 }, async () => {
    expect(await run(directory, 'node', 'redis-without-packages.js')).toContain(
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
