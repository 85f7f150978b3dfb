import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { root } from '../root.js';
import { inTurns } from '../workloads/in-turns.js';
import { time } from './time.js';

const ROUNDS = 5;
const FILES = 10;

const templates = `${root}bench/harness/ten-files`;
// Inside of the repository, so that both runners find the same packages.
const workspace = `${root}reports/ten-files`;
const execute = promisify(execFile);

const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { decoratorMetadata: true, legacyDecorator: true },
  },
};

/** Ten files of five tests each: ours under Vitest, and the same written by hand under Jest with @swc/jest. */
export async function tenFiles(): Promise<WorkloadResult[]> {
  await rm(workspace, { recursive: true, force: true });
  await createVitestProject();
  await createJestProject();
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--config', 'vitest.config.ts'];
  const jest = [`${root}node_modules/jest/bin/jest.js`, '--config', 'jest.config.json'];
  const tasks = new Map([
    ['harness', () => time(() => run('vitest', vitest))],
    ['by hand', () => time(() => run('jest', jest))],
  ]);
  const times = await inTurns(tasks, { rounds: ROUNDS });
  const metrics = [metricOf({ name: 'a whole run', unit: 'ms', better: 'less' }, times, ['by hand'])];
  const how = 'five tests each: with the harness under Vitest, by hand under Jest';
  return [{ name: 'ten-files', title: 'Ten files of tests', how, rounds: ROUNDS, metrics }];
}

function run(directory: string, args: string[]): Promise<unknown> {
  return execute(process.execPath, args, {
    cwd: `${workspace}/${directory}`,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

async function createVitestProject(): Promise<void> {
  const directory = await createProject('vitest');
  // As an installed package has it: built, and found by its name.
  const installed = `${directory}/node_modules/nest-realtime-kit`;
  await mkdir(installed, { recursive: true });
  for (const part of ['package.json', 'dist']) {
    await cp(`${root}${part}`, `${installed}/${part}`, { recursive: true });
  }
  await copyFile(`${templates}/vitest/vitest.config.template.ts`, `${directory}/vitest.config.ts`);
}

async function createJestProject(): Promise<void> {
  const directory = await createProject('jest');
  const config = {
    testRegex: String.raw`\.spec\.ts$`,
    testEnvironment: 'node',
    transform: { '\\.[jt]s$': ['@swc/jest', { ...swc, module: { type: 'commonjs' } }] },
    transformIgnorePatterns: [],
    extensionsToTreatAsEsm: [],
  };
  await writeFile(`${directory}/package.json`, '{ "type": "commonjs" }');
  await writeFile(`${directory}/jest.config.json`, JSON.stringify(config));
}

async function createProject(runner: string): Promise<string> {
  const directory = `${workspace}/${runner}`;
  await mkdir(directory, { recursive: true });
  await copyFile(`${templates}/gateway.ts`, `${directory}/gateway.ts`);
  for (let file = 1; file <= FILES; file += 1) {
    await copyFile(`${templates}/${runner}/chat.template.ts`, `${directory}/chat-${file}.spec.ts`);
  }
  return directory;
}
