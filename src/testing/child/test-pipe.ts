import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { now, queueMicrotask, setTimeout } from '../timing/real-time.js';
import type { BytePipe } from './message-pipe.js';

/**
 * The file descriptors of the pipes between a test and a process that it started. There are two, because a failed write
 * closes a pipe, and what the process has told before its end must still arrive.
 */
export const [QUESTIONS, FACTS] = [3, 4];

/** How long a process that ends waits for a test that reads nothing, in milliseconds. */
const LAST_WAIT = 5_000;

/** How long to wait for room in a pipe, in milliseconds. */
const PULSE = 1;

/** A process's end of the pipes to the test that started it. */
export class TestPipe implements BytePipe {
  private readonly questions = new Socket({ fd: QUESTIONS, readable: true, writable: false });
  /** The bytes that are not written yet. */
  private unwritten: Buffer = Buffer.alloc(0);
  private waiting: Buffer[] = [];
  private isFlushDue = false;
  private isExiting = false;

  constructor() {
    this.questions.on('end', endWithTest).on('error', endWithTest);
    // This makes the pipe non-blocking. The socket is not written to: nobody knows how much of a write it has done.
    new Socket({ fd: FACTS, readable: false, writable: true }).on('error', endWithTest);
    process.once('exit', () => {
      this.isExiting = true;
      this.flushAll();
    });
  }

  /** Lets the process end while the pipes are open. */
  unref(): this {
    this.questions.unref();
    return this;
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.questions.on('data', listener);
  }

  write(bytes: Buffer): void {
    this.waiting.push(bytes);
    if (this.isExiting) return this.flushAll();
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    // The app may end its process in the next turn of the event loop, by a signal that nothing notices.
    queueMicrotask(() => this.flush());
  }

  private flush(): void {
    this.isFlushDue = !this.writeWhatFits();
    if (this.isFlushDue) setTimeout(() => this.flush(), PULSE).unref();
  }

  private flushAll(): void {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    let left = Infinity;
    let deadline = 0;
    while (!this.writeWhatFits()) {
      if (this.unwritten.length < left) deadline = now() + LAST_WAIT;
      else if (now() > deadline) return;
      left = this.unwritten.length;
      Atomics.wait(sleeper, 0, 0, PULSE);
    }
  }

  /** @returns whether everything is written, or the test has ended */
  private writeWhatFits(): boolean {
    try {
      while (this.unwritten.length > 0 || this.waiting.length > 0) {
        if (this.unwritten.length === 0) {
          this.unwritten = Buffer.concat(this.waiting);
          this.waiting = [];
        }
        this.unwritten = this.unwritten.subarray(writeSync(FACTS, this.unwritten));
      }
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
    }
  }
}

function endWithTest(): void {
  process.kill(process.pid, 'SIGKILL');
}
