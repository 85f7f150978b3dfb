import { setTimeout as delay } from 'node:timers/promises';

/** How long is waited before the second try; before each further one twice as long, up to the longest. In milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * Calls something again, with growing pauses, until it succeeds.
 *
 * @param goesOn whether there is to be another try, after so many, which would be after that pause in milliseconds
 * @throws what the last try has thrown
 */
export async function retry<T>(
  attempt: () => T | Promise<T>,
  goesOn: (error: unknown, pause: number, tries: number) => boolean,
): Promise<T> {
  let pause = FIRST_PAUSE;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!goesOn(error, pause, tries)) throw error;
    }
    await delay(pause, undefined, { ref: false });
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }
}
