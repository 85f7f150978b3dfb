import { clearTimeout, setTimeout } from './real-time.js';

/** What a wait answers that ran into its deadline. */
export const EXPIRED = Symbol('expired');
export type Expired = typeof EXPIRED;

/**
 * Waits for a promise, but no longer than `timeout` milliseconds of real time.
 *
 * @returns what the promise resolves to, or {@link EXPIRED}
 */
export function within<T>(promise: Promise<T>, timeout: number): Promise<T | Expired> {
  let timer: ReturnType<typeof setTimeout>;
  const deadline = new Promise<Expired>((resolve) => {
    timer = setTimeout(() => resolve(EXPIRED), Math.max(timeout, 0));
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}
