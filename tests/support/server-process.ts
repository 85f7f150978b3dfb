import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How long a server may take until it listens, in milliseconds. */
const TIME_TO_LISTEN = 20_000;

/** The built reference server. */
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** @throws Error with what it has printed last, when it has ended before it listened */
  readonly url: string;
  /** What it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Ends it by SIGTERM. @returns as `exited` */
  terminate(): Promise<number | NodeJS.Signals>;
}

interface StartOptions {
  /** @default the Node that runs the test */
  node?: string;
  /** @default the reference server */
  script?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** What the server prints when it listens, and where. */
  ready?: RegExp;
}

/**
 * Starts a server on a free port of 127.0.0.1. Resolves when the server listens, or has ended; one that does neither in
 * time is ended.
 */
export async function startServer({
  node = process.execPath,
  script = main,
  env,
  cwd,
  ready = /Listening on (http:\/\/[^\s"]+)/,
}: StartOptions = {}): Promise<ServerProcess> {
  const child = spawn(node, [script], {
    cwd,
    env: { PATH: process.env.PATH, NO_COLOR: '1', PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const exited = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output.stdout += String(chunk);
      const printed = ready.exec(output.stdout);
      if (printed) resolve(printed[1] ?? '');
    });
  });
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const timer = setTimeout(() => void kill(), TIME_TO_LISTEN);
  const url = await Promise.race([listening, exited.then(() => undefined)]);
  clearTimeout(timer);
  return {
    child,
    get url() {
      if (url !== undefined) return url;
      const lines = `${output.stdout}${output.stderr}`.split('\n').slice(-20).join('\n');
      throw new Error(`${script} has not listened:\n${lines}`);
    },
    output,
    exited,
    terminate() {
      child.kill('SIGTERM');
      return exited;
    },
    [Symbol.asyncDispose]: kill,
  };
}
