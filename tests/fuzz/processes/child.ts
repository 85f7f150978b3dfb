import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
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

/** A process of its own, which answers every question with its figures. */
export class Child<Figures> implements AsyncDisposable {
  /** Set once it has ended. */
  exit: Exit | undefined;
  readonly exited: Promise<Exit>;

  private constructor(
    private readonly process: ChildProcess,
    stderr: StderrFile,
  ) {
    this.exited = once(process, 'exit').then(([code, signal]) => {
      this.exit = { code, signal, stderr: stderr.take() } as Exit;
      return this.exit;
    });
  }

  /** @returns the process, and what it has said first */
  static async start<Figures>(name: string, ...args: string[]): Promise<[Child<Figures>, string]> {
    const module = fileURLToPath(new URL(`../../../dist/fuzz/processes/${name}.js`, import.meta.url));
    const stderr = new StderrFile();
    const process = fork(module, args, {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', stderr.descriptor, 'ipc'],
    });
    const child = new Child<Figures>(process, stderr);
    const greeting = once(process, 'message').then(([first]) => first as string);
    const first = await Promise.race([greeting, child.exited]);
    if (typeof first !== 'string') throw new Error(`${name} did not start: ${first.stderr}`);
    return [child, first];
  }

  async figures(): Promise<Figures> {
    const answer = once(this.process, 'message').then(([figures]) => figures as Figures);
    this.process.send('figures');
    const figures = await Promise.race([answer, this.exited.then(() => undefined)]);
    if (!figures) throw new Error(`The process has ended:\n${this.exit!.stderr}`);
    return figures;
  }

  async stop(signal: NodeJS.Signals): Promise<Exit> {
    this.process.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.exit) await this.stop('SIGKILL');
  }
}

/** Where a process prints its errors. A pipe would hold it up where nobody reads at once. */
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
