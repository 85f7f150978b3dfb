import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { interleave, ratios, summary } from './measure.js';

const ROUNDS = 5;
const FILES = 10;

const root = fileURLToPath(new URL('..', import.meta.url));
const templates = fileURLToPath(new URL('ten-files', import.meta.url));
// Inside of the repository, so that both runners find the same packages.
const workspace = fileURLToPath(new URL('../reports/bench', import.meta.url));
const execute = promisify(execFile);

const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { decoratorMetadata: true, legacyDecorator: true },
  },
};

/** Ten files of five tests each: ours under Vitest, and the same written by hand under Jest with @swc/jest. */
export async function tenFiles() {
  await rm(workspace, { recursive: true, force: true });
  for (const runner of ['vitest', 'jest']) await createProject(runner);
  await linkPackage(`${workspace}/vitest`);
  await copyFile(`${templates}/vitest/vitest.config.template.ts`, `${workspace}/vitest/vitest.config.ts`);
  await writeFile(`${workspace}/jest/package.json`, '{ "type": "commonjs" }');
  await writeFile(
    `${workspace}/jest/jest.config.json`,
    JSON.stringify({
      testRegex: String.raw`\.spec\.ts$`,
      testEnvironment: 'node',
      transform: { '\\.[jt]s$': ['@swc/jest', { ...swc, module: { type: 'commonjs' } }] },
      transformIgnorePatterns: [],
      extensionsToTreatAsEsm: [],
    }),
  );
  const run = (directory, ...args) =>
    execute(process.execPath, args, {
      cwd: `${workspace}/${directory}`,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  const times = await interleave(
    {
      kit: () =>
        run('vitest', `${root}node_modules/vitest/vitest.mjs`, 'run', '--config', 'vitest.config.ts'),
      jest: () => run('jest', `${root}node_modules/jest/bin/jest.js`, '--config', 'jest.config.json'),
    },
    ROUNDS,
  );
  const seconds = (values) =>
    summary(
      values.map((value) => value / 1000),
      ' s',
    );
  return [
    `the kit under Vitest ${seconds(times.kit)}, by hand under Jest ${seconds(times.jest)}, ratio ${summary(ratios(times.kit, times.jest))}`,
  ];
}

/** As an installed package has it: built, and found by its name. */
async function linkPackage(directory) {
  await mkdir(`${directory}/node_modules/nest-realtime-kit`, { recursive: true });
  for (const part of ['package.json', 'dist'])
    await cp(`${root}${part}`, `${directory}/node_modules/nest-realtime-kit/${part}`, { recursive: true });
}

async function createProject(runner) {
  const directory = `${workspace}/${runner}`;
  await mkdir(directory, { recursive: true });
  await copyFile(`${templates}/gateway.ts`, `${directory}/gateway.ts`);
  for (let file = 1; file <= FILES; file += 1) {
    await copyFile(`${templates}/${runner}/chat.template.ts`, `${directory}/chat-${file}.spec.ts`);
  }
}
