import { Injectable } from '@nestjs/common';
import type { Socket } from '../socket-io/socket.io.js';

/** Something that runs for a client: a handler, a hook. */
export interface Work {
  /** For readers, as in `handleDisconnect` or `handler of "say"`. */
  readonly what: string;
  /** The client's socket id. */
  readonly client: string;
  /** Of a handler, the client's socket: it may never hear from one that has gone. */
  readonly socket?: { readonly connected: boolean };
}

export function handlerWork(event: string, client: Socket): Work {
  return { what: `handler of "${event}"`, client: client.id, socket: client };
}

/** What the gateways are doing at the moment, for a shutdown to wait for. What ends at once is never noted. */
@Injectable()
export class InFlight {
  /** What runs, the oldest first, and who waits for its end. */
  private readonly running = new Map<Work, readonly (() => void)[]>();
  private lost = new WeakSet<Work>();
  private timer: NodeJS.Timeout | undefined;

  get work(): readonly Work[] {
    return [...this.running.keys()];
  }

  begin(work: Work): Work {
    this.running.set(work, NOBODY);
    this.timer ??= setTimeout(this.forgetLost, INTERVAL).unref();
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

  /** A handler may wait for ever for a client that has gone: what was found so the last time is not in flight any more. */
  private readonly forgetLost = (): void => {
    const lost = this.work.filter(({ socket }) => socket?.connected === false);
    for (const work of lost) if (this.lost.has(work)) this.end(work);
    this.lost = new WeakSet(lost);
    this.timer = this.running.size > 0 ? setTimeout(this.forgetLost, INTERVAL).unref() : undefined;
  };

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

/** How often it is looked for handlers whose clients have gone, in milliseconds. */
const INTERVAL = 60_000;

const NOBODY: readonly (() => void)[] = [];
