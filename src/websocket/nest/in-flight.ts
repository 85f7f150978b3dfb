import { Injectable } from '@nestjs/common';
import type { Socket } from '../socket-io/socket.io.js';

/** A handler or a hook that runs for a client. */
export interface Work {
  /** For messages, for example `handleDisconnect` or `handler of "say"`. */
  readonly what: string;
  /** The client's socket id. */
  readonly client: string;
  /** The client's socket, for a handler only: a handler may wait for ever for a client that has disconnected. */
  readonly socket?: { readonly connected: boolean };
}

export function handlerWork(event: string, client: Socket): Work {
  return { what: `handler of "${event}"`, client: client.id, socket: client };
}

/** The work of the gateways that is in flight. A shutdown waits for it. Synchronous work is not recorded. */
@Injectable()
export class InFlight {
  /** The work in flight, the oldest first, with the callbacks that wait for its end. */
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

  /** Records work until its promise is fulfilled or rejected. */
  follow(work: Work, end: PromiseLike<unknown>): void {
    this.begin(work);
    const ended = (): void => this.end(work);
    end.then(ended, ended);
  }

  /** Drops handlers whose client was already disconnected at the last check, because they may wait for it for ever. */
  private readonly forgetLost = (): void => {
    const lost = this.work.filter(({ socket }) => socket?.connected === false);
    for (const work of lost) if (this.lost.has(work)) this.end(work);
    this.lost = new WeakSet(lost);
    this.timer = this.running.size > 0 ? setTimeout(this.forgetLost, INTERVAL).unref() : undefined;
  };

  /** Resolves when all of this work has ended. It does not wait for work that begins later. */
  async ended(work: Iterable<Work>): Promise<void> {
    const endOf = (each: Work): Promise<void> =>
      new Promise((resolve) => {
        const waiting = this.running.get(each);
        if (waiting) this.running.set(each, [...waiting, resolve]);
        else resolve();
      });
    await Promise.all(Array.from(work, endOf));
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await this.ended(this.work);
  }
}

/** How often to look for handlers of disconnected clients, in milliseconds. */
const INTERVAL = 60_000;

const NOBODY: readonly (() => void)[] = [];
