import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it has printed there. */
  readonly stderr: string;
}

/** A process of its own, which can be asked one thing at a time. */
export class Child<Answers> implements AsyncDisposable {
  /** Set once it has ended. */
  exit: Exit | undefined;
  readonly exited: Promise<Exit>;

  private constructor(
    private readonly process: ChildProcess,
    stderr: StderrFile,
  ) {
    this.exited = once(process, 'exit').then(([code, signal]) => {
      this.exit = { code, signal, stderr: stderr.take() };
      return this.exit;
    });
  }

  /** @returns the process, and what it has said first */
  static async start<Answers>(name: string, ...args: string[]): Promise<[Child<Answers>, string]> {
    const module = fileURLToPath(new URL(`../../../dist/fuzz/processes/${name}.js`, import.meta.url));
    const stderr = new StderrFile();
    const forked = fork(module, args, {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', stderr.descriptor, 'ipc'],
    });
    const child = new Child<Answers>(forked, stderr);
    return [child, await child.next<string>()];
  }

  async ask<Question extends keyof Answers & string>(question: Question): Promise<Answers[Question]> {
    const answer = this.next<Answers[Question]>();
    if (this.process.connected) this.process.send(question);
    return answer;
  }

  async stop(signal: NodeJS.Signals): Promise<Exit> {
    this.process.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.exit) await this.stop('SIGKILL');
  }

  private async next<Message>(): Promise<Message> {
    const ended = this.exited.then(({ stderr }) => {
      throw new Error(`The process has ended:\n${stderr}`);
    });
    const [message] = (await Promise.race([once(this.process, 'message'), ended])) as [Message];
    return message;
  }
}

/** Where a process prints its errors. A pipe would hold it up as long as nobody reads. */
class StderrFile {
  readonly descriptor: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'fuzzed-'));
  private readonly path = join(this.folder, 'stderr');

  constructor() {
    this.descriptor = openSync(this.path, 'w');
  }

  take(): string {
    const text = readFileSync(this.path, 'utf8').slice(-4_000);
    closeSync(this.descriptor);
    rmSync(this.folder, { recursive: true });
    return text;
  }
}
