import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from './run.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory outside of the repository; it is removed after the run. */
    workspace: string;
    /** The packed package. */
    tarball: string;
  }
}

/** Packs the package once for all files. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const workspace = await mkdtemp(join(tmpdir(), 'nest-realtime-kit-'));
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  await run(root, 'npm', 'pack', '--pack-destination', workspace);
  const [tarball] = await readdir(workspace);
  provide('workspace', workspace);
  provide('tarball', join(workspace, tarball!));
  return () => rm(workspace, { recursive: true, force: true });
}
