import { setTimeout as delay } from 'node:timers/promises';

/** How long is waited before the second try; before each further one twice as long, up to the longest. In milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

export interface RetryOptions {
  /** Whether there is to be another try. @param pause after how many milliseconds it would be */
  goesOn(error: unknown, pause: number): boolean;
  /** A try has failed, and there is to be another. */
  onFailure(error: unknown, tries: number): unknown;
}

/**
 * Calls something again, with growing pauses, until it succeeds.
 *
 * @throws what the last try has thrown
 */
export async function retry<T>(attempt: () => T | Promise<T>, options: RetryOptions): Promise<T> {
  let pause = FIRST_PAUSE;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!options.goesOn(error, pause)) throw error;
      options.onFailure(error, tries);
    }
    await delay(pause, undefined, { ref: false });
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}
