// Imported, so that fake timers do not replace them: a shutdown that waits on a fake clock would wait for ever.
import { clearTimeout, setTimeout } from 'node:timers';

const ended = (): true => true;

/**
 * Waits for a promise for at most `timeout` milliseconds.
 *
 * @param isAlone whether the timer must keep the process alive, because nothing else may do so
 * @returns whether the promise was fulfilled or rejected in time
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

/** @throws what the promise rejects with or, after `timeout` milliseconds, the error that `late` returns */
export async function withTimeout<T>(awaited: T | Promise<T>, timeout: number, late: () => Error): Promise<T> {
  // Some database queries run again with each call of their `then`.
  const promise = Promise.resolve(awaited);
  if (await endsWithin(timeout, promise, false)) return promise;
  throw late();
}

/** A moment at which waiting ends. It ends sooner if there was no activity for some time. */
export class Deadline {
  private readonly moment: number;
  private lastSign = performance.now();

  /**
   * @param timeout from now on, in milliseconds
   * @param silence the longest time without activity, in milliseconds
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

  /** Records activity: as long as some of the work finishes, the rest may only be slow. */
  renew(): void {
    this.lastSign = performance.now();
  }

  /** @returns whether the promise is fulfilled or rejected in time */
  async allows(end: PromiseLike<unknown>): Promise<boolean> {
    let hasEnded: boolean;
    do hasEnded = await endsWithin(this.left, end, true);
    while (!hasEnded && this.left > 0);
    return hasEnded;
  }
}
