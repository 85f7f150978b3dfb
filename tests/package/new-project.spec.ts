import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { startServer } from '../support/server-process.js';
import { cells } from './support/cells.js';
import { run } from './support/run.js';

/* A project as `nest new` makes it, and the README followed to the letter. */

interface Cell {
  nest: number;
  runner: 'Jest' | 'Vitest';
  /** Where the project's own runner is another one. */
  beside?: 'Jest';
  /** What an earlier version of it wrote into `tsconfig.json`. */
  compilerOptions?: object;
  /** The Node that Nest's CLI asks for, where the one that runs this is too old. */
  node: string[];
}

const matrix = cells<Cell>(
  { nest: 11, runner: 'Jest', node: [] },
  { nest: 12, runner: 'Vitest', node: ['node@24'] },
  { nest: 11, runner: 'Vitest', beside: 'Jest', node: ['node@24'] },
  {
    nest: 11,
    runner: 'Jest',
    node: [],
    compilerOptions: {
      module: 'commonjs',
      moduleResolution: 'node10',
      resolvePackageJsonExports: undefined,
      esModuleInterop: false,
      isolatedModules: false,
    },
  },
);

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The commands of the README that install something in an app on this Nest. */
async function installCommands(nest: number): Promise<string[][]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const lines = [...readme.matchAll(/^npm (install .*?) +# Nest (\d+)$/gm)];
  expect(lines).toHaveLength(4);
  return lines
    .filter(([, , version]) => version === String(nest))
    .map(([, words]) => words!.replace('nest-realtime-kit', inject('tarball')).split(' '));
}

/** Lays fields over those that a file has. */
async function changeJson(file: string, changes: Record<string, object | undefined>): Promise<void> {
  const written = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
  for (const [key, value] of Object.entries(changes)) written[key] = { ...written[key], ...value };
  await writeFile(file, JSON.stringify(written));
}

/** Has a test import supertest as it did before `esModuleInterop` was on. */
async function importNamespace(file: string): Promise<void> {
  const written = await readFile(file, 'utf8');
  await writeFile(file, written.replace('import request from', 'import * as request from'));
}

/** Has the app's module import the chat. */
async function importChat(file: string): Promise<void> {
  const written = await readFile(file, 'utf8');
  const ending = written.includes("'./app.service.js'") ? '.js' : '';
  const changed = written.replace('imports: []', 'imports: [ChatModule]');
  expect(changed).not.toBe(written);
  await writeFile(file, `import { ChatModule } from './chat.module${ending}';\n${changed}`);
}

describe.each(matrix)('a new project of Nest $nest with $runner', ({ nest, runner, beside, compilerOptions, node }) => {
  let directory: string;

  beforeAll(async () => {
    const workspace = await mkdtemp(join(inject('workspace'), 'new-project-'));
    await writeFile(join(workspace, 'package.json'), '{ "private": true }');
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund'];
    await run(workspace, 'npm', ...install, `@nestjs/cli@${nest}`, ...node);
    const quietly = ['--skip-git', '--skip-install', '--package-manager', 'npm'];
    await run(workspace, 'nest', 'new', 'project', ...quietly);
    directory = join(workspace, 'project');
    await run(directory, 'npm', ...install, ...node);
    for (const [, ...words] of await installCommands(nest)) await run(directory, 'npm', ...install, ...words);
    if (beside) await run(directory, 'npm', ...install, '--save-dev', 'vitest');

    const copy = (file: string, as = `src/${basename(file)}`): Promise<void> =>
      cp(join(root, 'tests/package', file), join(directory, as));
    await copy('consumer/chat.module.ts');
    await changeJson(join(directory, 'tsconfig.json'), { compilerOptions });
    if (compilerOptions) await importNamespace(join(directory, 'test/app.e2e-spec.ts'));
    await importChat(join(directory, 'src/app.module.ts'));
    if (runner === 'Jest') await copy('jest/room.spec.ts', 'src/chat.spec.ts');
    else await copy('consumer/first.spec.ts', beside ? 'src/chat.test.ts' : 'src/chat.spec.ts');
    if (runner === 'Vitest') await copy('new-project/fixtures.ts');
  });

  test('passes its own tests and the test of the README', async () => {
    const output = await run(directory, 'npm', 'test');
    expect(output).toMatch(/Tests:? +\d passed/);
    expect(output).toContain('src/app.controller.spec.ts');
    expect(await run(directory, 'npm', 'run', 'test:e2e')).toMatch(/Tests:? +1 passed/);
    const ours = beside ? await run(directory, 'vitest', 'run', '.test') : output;
    expect(ours).toMatch(/src\/chat\.(?:spec|test)\.ts/);
  });

  test('type-checks, and emits declarations', async () => {
    await run(directory, 'tsc', '--project', 'tsconfig.json', '--outDir', 'declared');
  });

  test('builds to the same place as before, and starts', async () => {
    await run(directory, 'npm', 'run', 'build');
    const PATH = [join(directory, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    const ready = /Nest application successfully started/;
    await using server = await startServer({
      node: 'node',
      script: 'dist/main.js',
      env: { PATH },
      cwd: directory,
      ready,
    });
    expect(await server.terminate()).toBe('SIGTERM');
  });
});
