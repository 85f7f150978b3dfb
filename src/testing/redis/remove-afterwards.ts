import { spawn } from 'node:child_process';

/** Runs until its parent has ended, and then removes the container that it is given. */
const SCRIPT = `
  for await (const chunk of process.stdin);
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { container } = await getContainerRuntimeClient();
  await container.getById(process.argv[1]).remove({ force: true, v: true });
`;

/**
 * Removes a container when this process has ended without removing it, for example because it was killed. That is the
 * work of Ryuk, the container that Testcontainers starts for it; this is for where Ryuk is disabled.
 *
 * @returns the function that lets the container be
 */
export function removeAfterwards(id: string): () => void {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== 'true') return () => {};
  const remover = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT, id], {
    // Not in the group of this process, which Ctrl+C ends as a whole.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  remover.on('error', () => {});
  remover.unref();
  return () => remover.kill();
}
