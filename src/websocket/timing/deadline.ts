// What fakes the time of an app does not reach these: a shutdown that waits on a faked clock waits for ever.
import { clearTimeout, setTimeout } from 'node:timers';

const ended = (): true => true;

/**
 * Waits for something no longer than so many milliseconds.
 *
 * @param isAlone whether nothing else may keep the process alive meanwhile
 * @returns whether it has ended, well or not
 */
async function endsWithin(timeout: number, end: PromiseLike<unknown>, isAlone: boolean): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeout);
    if (!isAlone) timer.unref();
  });
  try {
    return await Promise.race([end.then(ended, ended), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws what the promise rejects with or, when it takes longer than so many milliseconds, what `late` makes */
export async function withTimeout<T>(awaited: T | Promise<T>, timeout: number, late: () => Error): Promise<T> {
  // A query of a database may be run by each call of its `then`.
  const promise = Promise.resolve(awaited);
  if (await endsWithin(timeout, promise, false)) return promise;
  throw late();
}

/** A moment by which something is to be over, or sooner: when nobody has given a sign for some time. */
export class Deadline {
  private readonly moment: number;
  private lastSign = performance.now();

  /**
   * @param timeout from now on, in milliseconds
   * @param silence how long nobody may give a sign, in milliseconds
   */
  constructor(
    timeout: number,
    private readonly silence = Infinity,
  ) {
    this.moment = performance.now() + timeout;
  }

  /** In milliseconds. */
  get left(): number {
    return Math.max(0, Math.min(this.moment, this.lastSign + this.silence) - performance.now());
  }

  /** Somebody has given a sign: as long as some come to their end, the others may only be slow. */
  renew(): void {
    this.lastSign = performance.now();
  }

  /** @returns whether something ends in time, well or not */
  async allows(end: PromiseLike<unknown>): Promise<boolean> {
    let hasEnded: boolean;
    do hasEnded = await endsWithin(this.left, end, true);
    while (!hasEnded && this.left > 0);
    return hasEnded;
  }
}
