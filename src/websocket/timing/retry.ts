import { setTimeout as delay } from 'node:timers/promises';

/** The pause before the second try. Each further pause is twice as long, up to the longest. In milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * Calls a function again, with growing pauses, until it succeeds.
 *
 * @param goesOn whether to try again after `pause` milliseconds; `tries` is the number of tries so far
 * @throws the error of the last try
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
