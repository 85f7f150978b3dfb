import { Injectable } from '@nestjs/common';
import type { Socket } from '../socket-io/socket.io.js';

/** Something that runs for a client: a handler, a hook. */
export interface Work {
  /** For readers, as in `handleDisconnect` or `handler of "say"`. */
  readonly what: string;
  /** The client's socket id. */
  readonly client: string;
  /** Of a handler, when it began, in milliseconds of `performance.now()`. */
  readonly since?: number;
}

export function handlerWork(event: string, client: Socket): Work {
  return { what: `handler of "${event}"`, client: client.id, since: performance.now() };
}

/** What the gateways are doing at the moment, for a shutdown to wait for. What ends at once is never noted. */
@Injectable()
export class InFlight {
  /** What runs, the oldest first, and who waits for its end. */
  private readonly running = new Map<Work, readonly (() => void)[]>();

  get work(): readonly Work[] {
    return [...this.running.keys()];
  }

  begin(work: Work): Work {
    this.running.set(work, NOBODY);
    return work;
  }

  end(work: Work): void {
    const waiting = this.running.get(work) ?? NOBODY;
    this.running.delete(work);
    for (const resolve of waiting) resolve();
  }

  /** Notes work until its promise has settled, however it does. */
  follow(work: Work, end: PromiseLike<unknown>): void {
    this.begin(work);
    const ended = (): void => this.end(work);
    end.then(ended, ended);
  }

  /** A client has gone. A handler that runs for it still may wait for it for ever: it is in flight for another minute. */
  abandon(client: string): void {
    if (this.running.size === 0) return;
    const left = performance.now();
    setTimeout(() => {
      for (const work of this.work) if (work.client === client && (work.since ?? left) < left) this.end(work);
    }, ABANDONED).unref();
  }

  /** Resolves when all of this work has ended, whatever has begun meanwhile. */
  async ended(work: Iterable<Work>): Promise<void> {
    const endOf = (each: Work): Promise<void> =>
      new Promise((resolve) => {
        const waiting = this.running.get(each);
        if (waiting) this.running.set(each, [...waiting, resolve]);
        else resolve();
      });
    await Promise.all(Array.from(work, endOf));
  }

  /** Resolves when nothing runs, at once where nothing does. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await this.ended(this.work);
  }
}

/** In milliseconds. */
const ABANDONED = 60_000;

const NOBODY: readonly (() => void)[] = [];
