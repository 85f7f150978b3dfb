import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Vitest's `globalSetup`: the processes that are fuzzed run the build of the sources at hand. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`));
  for (const project of ['tsconfig.build.json', 'tests/fuzz/tsconfig.build.json'])
    execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
}
