import type { Deadline } from './deadline.js';

/**
 * Waits for many, until all is silent: as long as some come to their end, the others may only be slow.
 */
export class Patience {
  private lastSign = performance.now();

  /** @param silence how long nobody may give a sign before it is over, in milliseconds */
  constructor(
    private readonly deadline: Deadline,
    private readonly silence: number,
  ) {}

  /** Somebody has come to an end. */
  renew(): void {
    this.lastSign = performance.now();
  }

  /** @returns whether it has ended in time */
  async lastsFor(end: PromiseLike<unknown>): Promise<boolean> {
    let hasEnded = false;
    while (!hasEnded && this.left > 0) hasEnded = await this.deadline.allows(end, this.left);
    return hasEnded;
  }

  private get left(): number {
    return Math.min(this.deadline.left, this.lastSign + this.silence - performance.now());
  }
}
