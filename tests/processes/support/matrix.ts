import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether every cell of the matrix is run, each of its starts twenty times; by default it is one cell, once. */
export const isWhole = process.env.PROCESS_MATRIX === 'whole';

export const STARTS = isWhole ? 20 : 1;

/** How long so many starts, visits by every transport, and ends may take, in milliseconds. */
export const TIMEOUT = STARTS * 20_000;

/** What a test of so many starts shows, as its name says it. */
export const ALL_STARTS = `${STARTS} of ${STARTS} starts listen, serve every transport, and exit 0 on SIGTERM`;

/** The major versions of Node. */
export const nodes = isWhole ? [20, 24] : [Number(process.versions.node.split('.', 1)[0])];

/** The program of a major version of Node; the one that runs this is taken as it is. */
export function nodeOf(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const directory = join(tmpdir(), `nest-realtime-kit-node-${major}`);
  const binary = join(directory, 'node_modules/.bin/node');
  if (!existsSync(binary)) {
    mkdirSync(directory, { recursive: true });
    execFileSync('npm', ['install', '--prefix', directory, '--no-audit', '--no-fund', `node@${major}`]);
  }
  return binary;
}
