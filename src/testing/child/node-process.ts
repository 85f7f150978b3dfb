import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { clearTimeout, now, setTimeout } from '../timing/real-time.js';
import { LineReader } from './line-reader.js';
import type { BytePipe } from './message-pipe.js';
import { FACTS, QUESTIONS } from './test-pipe.js';

/** How a process has ended. */
export interface NodeExit {
  /** Its exit code; `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the request to end it until it ended, in milliseconds; 0 if it ended by itself. */
  readonly duration: number;
  /** The last lines that it printed. */
  readonly lastLines: readonly string[];
}

/** How many lines a failure shows. */
const LAST = 20;

/** How long the output of a process that has ended may stay open, in milliseconds. */
const LAST_OUTPUT = 1_000;

/** A process of Node that a `TestPipe` joins to the test, and what it prints. */
export class NodeProcess {
  readonly child: ChildProcess;
  readonly pipe: BytePipe;
  /** Every line that it has printed, on stdout and stderr, in order. */
  readonly lines: string[] = [];
  /** Resolves when it has ended and its output is read. */
  readonly exited: Promise<NodeExit>;
  private endRequested: number | undefined;
  private failure: Error | undefined;

  /** Starts Node with these arguments. */
  constructor(args: readonly string[], { env, cwd }: { readonly env?: NodeJS.ProcessEnv; readonly cwd: string }) {
    this.child = spawn(process.execPath, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.pipe = pipeTo(this.child);
    const endLines = [this.child.stdout!, this.child.stderr!].map((stream) => this.read(stream));
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        for (const endLine of endLines) endLine();
        const duration = this.endRequested === undefined ? 0 : now() - this.endRequested;
        resolve({ code, signal, duration, lastLines: this.lastLines });
      };
      this.child.once('close', end);
      this.child.once('exit', () => this.giveUpOutput());
      this.child.once('error', (error) => {
        this.failure = error;
        if (this.child.pid === undefined) end(null, null);
      });
    });
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get lastLines(): readonly string[] {
    return [...this.lines.slice(-LAST), ...(this.failure ? [this.failure.message] : [])];
  }

  /** Whether the test has asked for its end. */
  get isEnding(): boolean {
    return this.endRequested !== undefined;
  }

  /** Sends a signal, SIGTERM only once, unless the process has ended. Resolves when it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<NodeExit> {
    const isRepeated = this.isEnding && signal === 'SIGTERM';
    if (!this.isRunning || isRepeated) return this.exited;
    this.endRequested ??= now();
    this.child.kill(signal);
    return this.exited;
  }

  /** The programs that it has started may keep its output open. */
  private giveUpOutput(): void {
    const timer = setTimeout(() => {
      for (const stream of this.child.stdio) stream?.destroy();
    }, LAST_OUTPUT);
    this.child.once('close', () => clearTimeout(timer));
  }

  /** Reads the lines of a stream. @returns the function that ends the last one */
  private read(stream: Readable): () => void {
    const reader = new LineReader((line) => this.lines.push(line));
    stream.setEncoding('utf8').on('data', (text: string) => reader.take(text));
    return () => reader.end();
  }
}

function pipeTo({ stdio }: ChildProcess): BytePipe {
  const { [QUESTIONS]: questions, [FACTS]: facts } = stdio as unknown as Record<number, Duplex>;
  // The process may end at any moment, which its exit tells.
  for (const stream of [questions!, facts!]) stream.on('error', () => {});
  return {
    write: (bytes) => questions!.write(bytes),
    onData: (listener) => facts!.on('data', listener),
  };
}
