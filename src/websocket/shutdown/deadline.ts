// What fakes the time of an app does not reach these: a shutdown that waits on a faked clock waits for ever.
import { clearTimeout, setTimeout } from 'node:timers';

const ended = (): true => true;

/** A moment by which something is to be over. */
export class Deadline {
  private readonly moment: number;

  /** @param timeout from now on, in milliseconds */
  constructor(timeout: number) {
    this.moment = performance.now() + timeout;
  }

  /** In milliseconds. */
  get left(): number {
    return Math.max(0, this.moment - performance.now());
  }

  /**
   * Waits for something, not beyond the deadline and not longer than `atMost` milliseconds.
   *
   * @returns whether it has ended, well or not
   */
  async allows(end: PromiseLike<unknown>, atMost = Infinity): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), Math.min(atMost, this.left));
    });
    try {
      return await Promise.race([end.then(ended, ended), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
