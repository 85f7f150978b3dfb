import type { Work } from '../model/work.js';
import { withTimeout, type Expired } from '../timing/deadline.js';
import { now, queueMicrotask } from '../timing/real-time.js';

/**
 * All that moves in an app, as far as the harness can see it: what is in flight now, and a count that
 * rises with every packet, hook, handler and connection, so that "nothing moved meanwhile" can be told.
 */
export class Activity {
  private readonly inFlight = new Set<Work>();
  private readonly watchers = new Set<() => void>();
  private count = 0;
  private looking = false;

  /** How much has moved so far. */
  get moves(): number {
    return this.count;
  }

  /** What is in flight, oldest first. */
  get work(): readonly Work[] {
    return [...this.inFlight];
  }

  /** Notes that something moved; whoever waits looks again. */
  moved(): void {
    this.count += 1;
    this.changed();
  }

  /**
   * Lets whoever waits look again, after a change that is no movement, such as a log entry. They look when all
   * listeners of what happened have run: a client that left has gone only when its hooks have been called too.
   */
  changed(): void {
    if (this.looking || this.watchers.size === 0) return;
    this.looking = true;
    queueMicrotask(() => {
      this.looking = false;
      for (const look of this.watchers) look();
    });
  }

  /**
   * Notes that work has begun.
   *
   * @param options.moves whether it counts as a movement; what comes by itself, such as an interval, may come for ever
   * @returns the function that ends it; to call it again does nothing
   */
  begin(
    what: string,
    {
      client,
      stream = false,
      timer = false,
      moves = !timer,
    }: { client?: string; stream?: boolean; timer?: boolean; moves?: boolean } = {},
  ): () => void {
    const work: Work = { what, client, stream, timer, since: now() };
    const told = (): void => (moves ? this.moved() : this.changed());
    this.inFlight.add(work);
    told();
    return () => {
      if (this.inFlight.delete(work)) told();
    };
  }

  /** What is in flight and to be waited for, oldest first. */
  pending({ ignoreOpenStreams = false, awaitTimers = false } = {}): readonly Work[] {
    return this.work.filter(({ stream, timer }) => !(stream && ignoreOpenStreams) && !(timer && !awaitTimers));
  }

  /** Whether nothing is in flight that is to be waited for. */
  idle(options?: { ignoreOpenStreams?: boolean; awaitTimers?: boolean }): boolean {
    return this.pending(options).length === 0;
  }

  /**
   * Asks `probe` now and after every change, until it answers.
   *
   * @param timeout in milliseconds
   * @returns the first answer that is not `undefined`, or `EXPIRED`
   * @throws what `probe` throws, and the signal's reason when it is aborted
   */
  async until<T>(probe: () => T | undefined, timeout: number, signal?: AbortSignal): Promise<T | Expired> {
    const first = probe();
    if (first !== undefined) return first;
    let look: () => void;
    const answered = new Promise<T>((resolve, reject) => {
      look = () => {
        // What a probe takes, nobody else gets: one that has answered is not asked again.
        if (!this.watchers.has(look)) return;
        try {
          const answer = probe();
          if (answer === undefined) return;
          this.watchers.delete(look);
          resolve(answer);
        } catch (error) {
          reject(error);
        }
      };
    });
    this.watchers.add(look!);
    try {
      return await withTimeout(answered, timeout, signal);
    } finally {
      this.watchers.delete(look!);
    }
  }
}
