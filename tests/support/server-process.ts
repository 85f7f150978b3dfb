import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How long a server may take to listen, and to end, in milliseconds. */
const PATIENCE = 20_000;

/** A server in a process of its own, which listens. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  /** Ends it by SIGTERM. @returns its exit code, or the signal that ended it */
  terminate(): Promise<number | NodeJS.Signals>;
}

interface StartOptions {
  cwd?: string;
  /** What it prints when it listens, and where. */
  ready?: RegExp;
}

/**
 * Starts a server with `node`.
 *
 * @throws Error with the last twenty lines that it has printed, when it ends before that
 */
export async function startServer(
  node: string,
  script: string,
  env: Record<string, string>,
  { cwd, ready = /Listening on (http:\/\/[^\s"]+)/ }: StartOptions = {},
): Promise<ServerProcess> {
  const child = spawn(node, [script], {
    cwd,
    env: { PATH: process.env.PATH, NO_COLOR: '1', PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectLines(child);
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const printed = ready.exec(output().join('\n'));
      if (printed) resolve(printed[1] ?? '');
    });
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  };
  const late = AbortSignal.timeout(PATIENCE);
  const url = await Promise.race([
    listening,
    ended.then((code) => {
      throw new Error(`${script} has ended (${code}) before it listened:\n${output().slice(-20).join('\n')}`);
    }),
    once(late, 'abort').then(async () => {
      await kill();
      throw new Error(`${script} does not listen:\n${output().slice(-20).join('\n')}`);
    }),
  ]);
  return {
    url,
    async terminate() {
      child.kill('SIGTERM');
      return ended;
    },
    [Symbol.asyncDispose]: kill,
  };
}

function collectLines({ stdout, stderr }: ChildProcess): () => readonly string[] {
  let text = '';
  for (const stream of [stdout!, stderr!]) stream.on('data', (chunk) => (text += String(chunk)));
  return () => text.split('\n');
}
