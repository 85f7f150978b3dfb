import type { Work } from '../model/work.js';
import { withTimeout, type Expired } from '../timing/deadline.js';
import { now, queueMicrotask } from '../timing/real-time.js';

/** `moves` is whether the work is a movement. Work that starts by itself, such as an interval, may recur for ever. */
type WorkOptions = Partial<Pick<Work, 'client' | 'stream' | 'timer'>> & { readonly moves?: boolean };

/**
 * What happens in an app, as far as the harness can see it: the work in flight, and a count of movements. The count
 * rises with every packet, hook, handler and connection. If it has not changed, nothing moved.
 */
export class Activity {
  private readonly inFlight = new Set<Work>();
  private readonly watchers = new Set<() => void>();
  /** The number of movements so far. */
  moves = 0;
  private looking = false;

  /** The work in flight, oldest first. */
  get work(): readonly Work[] {
    return [...this.inFlight];
  }

  /** Records that something moved, and lets waiting probes run again. */
  moved(): void {
    this.moves += 1;
    this.changed();
  }

  /**
   * Lets waiting probes run again after a change that is no movement, such as a log entry. They run after all listeners
   * of the event: a client has only left when its hooks have been called too.
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
   * Records that work has begun.
   *
   * @returns the function that ends it; further calls do nothing
   */
  begin(what: string, { client, stream = false, timer = false, moves = !timer }: WorkOptions = {}): () => void {
    const work: Work = { what, client, stream, timer, since: now() };
    const told = (): void => (moves ? this.moved() : this.changed());
    this.inFlight.add(work);
    told();
    return () => {
      if (this.inFlight.delete(work)) told();
    };
  }

  /** The work in flight that must be waited for, oldest first. */
  pending({ ignoreOpenStreams = false, awaitTimers = false } = {}): readonly Work[] {
    return this.work.filter(({ stream, timer }) => !(stream && ignoreOpenStreams) && !(timer && !awaitTimers));
  }

  /** Whether no work is in flight that must be waited for. */
  idle(options?: { ignoreOpenStreams?: boolean; awaitTimers?: boolean }): boolean {
    return this.pending(options).length === 0;
  }

  /**
   * Calls `probe` now and after every change, until it returns a value.
   *
   * @param timeout in milliseconds
   * @returns the first value that is not `undefined`, or `EXPIRED`
   * @throws what `probe` throws, and the signal's reason when it is aborted
   */
  async until<T>(probe: () => T | undefined, timeout: number, signal?: AbortSignal): Promise<T | Expired> {
    const first = probe();
    if (first !== undefined) return first;
    let look: () => void;
    const answered = new Promise<T>((resolve, reject) => {
      look = () => {
        // A probe may consume what it finds, so it must not run again once it has returned a value.
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
