import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Coverage } from './coverage.js';
import { mergeCoverage } from './merge.js';

/** The environment variable with the directory to which each closed app writes its coverage. Unset: no coverage. */
export const COVERAGE_DIR = 'REALTIME_COVERAGE_DIR';

const FILE = /^app-.+\.json$/;

/** Writes a separate file for each app, because many workers close apps at the same time. */
export function writeCoverage(directory: string, coverage: Coverage): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `app-${randomUUID()}.json`), JSON.stringify(coverage));
}

/**
 * The contract coverage of all apps that were closed while `REALTIME_COVERAGE_DIR` named this directory, in any
 * process. It is empty if there were none.
 *
 * @example
 * ```ts
 * // Jest's globalTeardown, after REALTIME_COVERAGE_DIR=reports/contract jest
 * const coverage = readCoverage('reports/contract');
 * console.log(printCoverage(coverage));
 * ```
 * @throws Error for a file that cannot be read
 */
export function readCoverage(directory: string): Coverage {
  const files = namesIn(directory).filter((name) => FILE.test(name));
  return mergeCoverage(files.map((name) => readFile(resolve(directory, name))));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    // The first app that is closed creates the directory.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readFile(path: string): Coverage {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Coverage;
  } catch (error) {
    throw new Error(`${path} is not an app's contract coverage; was its process killed as it wrote?`, {
      cause: error,
    });
  }
}
