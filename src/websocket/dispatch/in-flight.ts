import { Injectable } from '@nestjs/common';

/** Something that runs for a client: a handler, a hook. */
export interface Work {
  /** For readers, as in `ChatGateway.handleDisconnect` or `handler of "say"`. */
  readonly what: string;
  /** The client's socket id. */
  readonly client: string;
}

/** What the gateways are doing at the moment, for a shutdown to wait for. What ends at once is never noted. */
@Injectable()
export class InFlight {
  private readonly running = new Set<Work>();
  private readonly waiting = new Set<() => void>();

  /** What runs, the oldest first. */
  get work(): readonly Work[] {
    return [...this.running];
  }

  begin(work: Work): void {
    this.running.add(work);
  }

  end(work: Work): void {
    this.running.delete(work);
    if (this.running.size > 0) return;
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  /** Notes work until its promise has settled, however it does. */
  follow(work: Work, end: PromiseLike<unknown>): void {
    this.begin(work);
    const ended = (): void => this.end(work);
    end.then(ended, ended);
  }

  /** Resolves when nothing runs, at once where nothing does. */
  async settled(): Promise<void> {
    if (this.running.size === 0) return;
    await new Promise<void>((resolve) => this.waiting.add(resolve));
  }
}
