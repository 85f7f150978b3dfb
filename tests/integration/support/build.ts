import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Vitest's `globalSetup`: what the tests run as a child process is the build of the sources at hand. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`));
  // The app of the clusters imports the built package.
  for (const config of ['tsconfig.build.json', 'tests/cluster/app/tsconfig.json'])
    execFileSync(process.execPath, [tsc, '-p', config], { cwd: root, stdio: 'inherit' });
}
