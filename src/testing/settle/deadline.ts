import { clearTimeout, setTimeout } from './real-time.js';

/** What a wait answers that ran into its deadline. */
export const EXPIRED = Symbol('expired');
export type Expired = typeof EXPIRED;

/** The environment variable whose factor stretches every deadline, for machines that are slow. */
export const TIMEOUT_FACTOR = 'REALTIME_TIMEOUT_FACTOR';

/**
 * A deadline as this run has it.
 *
 * @param timeout in milliseconds
 * @throws RangeError when the environment's factor is no number above 0
 */
export function stretched(timeout: number): number {
  const given = process.env[TIMEOUT_FACTOR] || '1';
  const factor = Number(given);
  if (factor > 0 && factor < Infinity) return timeout * factor;
  throw new RangeError(
    `${TIMEOUT_FACTOR} is "${given}". Expected a number above 0, by which every deadline is multiplied.`,
  );
}

/**
 * Waits for a promise, but no longer than `timeout` milliseconds of real time.
 *
 * @returns what the promise resolves to, or {@link EXPIRED}
 * @throws the signal's reason when it is aborted
 */
export async function within<T>(promise: Promise<T>, timeout: number, signal?: AbortSignal): Promise<T | Expired> {
  let timer: ReturnType<typeof setTimeout>;
  let onAbort: (() => void) | undefined;
  const end = new Promise<Expired>((resolve, reject) => {
    timer = setTimeout(() => resolve(EXPIRED), Math.max(timeout, 0));
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the reason is the caller's own
    onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer!);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
