import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Questions } from './answer.js';
import { pinning, type Core } from './pinning.js';

/** A process of the bench, which is asked one thing at a time. */
export class Child<Asked extends Questions> {
  private readonly process: ChildProcess;
  private readonly ended = new AbortController();

  constructor(script: URL, { core, args = [] }: { core: Core; args?: string[] }) {
    const path = fileURLToPath(script);
    const [execPath, ...execArgv] = [...pinning(core), process.execPath, '--expose-gc'] as const;
    this.process = fork(path, args, { execPath, execArgv });
    this.process.once('exit', (code, signal) => {
      this.ended.abort(new Error(`${path} ended by itself, with ${signal ?? `exit code ${code}`}.`));
    });
  }

  /** @throws Error with what the child has thrown */
  async ask<Name extends keyof Asked & string>(
    name: Name,
    ...[parameters]: Parameters<Asked[Name]>
  ): Promise<Awaited<ReturnType<Asked[Name]>>> {
    const answer = this.answer();
    this.process.send({ name, parameters });
    return (await answer) as Awaited<ReturnType<Asked[Name]>>;
  }

  async stop(): Promise<void> {
    if (this.ended.signal.aborted) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }

  private async answer(): Promise<unknown> {
    const { signal } = this.ended;
    try {
      const [answer] = (await once(this.process, 'message', { signal })) as [Answer];
      if ('error' in answer) throw new Error(`A process of the bench has failed: ${answer.error}`);
      return answer.value;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }
}
