import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Vitest's `globalSetup`: what the tests run as a child process is the build of the sources at hand. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`));
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
}
