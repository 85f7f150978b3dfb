import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** The built server, as a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  /** Its exit code, once it has ended; `null` when a signal ended it. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts the server on a free port. Resolves when it listens, or has ended.
 *
 * @param script another server, that listens to the same variables and says the same
 */
export async function startServer(env: Record<string, string> = {}, script = main): Promise<ServerProcess> {
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, NO_COLOR: '1', PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const [, url] = /Listening on (http:\/\/[^\s"]+)/.exec(output.stdout) ?? [];
      if (url) resolve(url);
    });
  });
  const url = (await Promise.race([listening, exited.then(() => '')])) || '';
  return {
    child,
    url,
    output,
    exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
