import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface Reply {
  readonly id: number;
  readonly result: unknown;
}

/** A child process that does what it is told by IPC. */
export interface CommandedProcess extends AsyncDisposable {
  /** What it said when it was ready. */
  readonly greeting: unknown;
  /** Each line that it has printed. */
  readonly lines: string[];
  ask<T>(command: string, argument?: unknown): Promise<T>;
}

/** Starts a script that calls `obey` of `obey.js`. Resolves when it is ready. */
export async function startCommanded(
  script: URL,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<CommandedProcess> {
  const child = spawn(process.execPath, ['--expose-gc', fileURLToPath(script), ...args], {
    env: { ...process.env, NODE_ENV: 'test', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script.pathname} has ended: ${String(code ?? signal)}`);
  });
  exited.catch(() => {}); // whoever asks is told
  let asked = 0;
  const reply = async (id: number): Promise<unknown> => {
    for (;;) {
      const [message] = (await Promise.race([once(child, 'message'), exited])) as [Reply];
      if (message.id === id) return message.result;
    }
  };
  const greeting = await reply(0);
  return {
    greeting,
    lines,
    async ask<T>(command: string, argument?: unknown) {
      asked += 1;
      const answered = reply(asked);
      child.send({ id: asked, command, argument });
      return (await answered) as T;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited.catch(() => {});
    },
  };
}
