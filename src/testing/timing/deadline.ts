import { clearTimeout, now, queueMicrotask, setTimeout } from './real-time.js';

/** The result of a wait that timed out. */
export const EXPIRED = Symbol('expired');
export type Expired = typeof EXPIRED;

/** The environment variable with the factor that stretches every deadline, for slow machines. */
export const TIMEOUT_FACTOR = 'REALTIME_TIMEOUT_FACTOR';

/**
 * Multiplies a timeout by the factor from the environment.
 *
 * @param timeout in milliseconds
 * @throws RangeError when the factor is not a number above 0
 */
export function stretched(timeout: number): number {
  const given = process.env[TIMEOUT_FACTOR] || '1';
  const factor = Number(given);
  if (factor > 0 && factor < Infinity) return timeout * factor;
  throw new RangeError(
    `${TIMEOUT_FACTOR} is "${given}". Expected a number above 0, by which every deadline is multiplied.`,
  );
}

/** How often a wait checks the clock, in milliseconds. */
const PULSE = 50;

let ran = 0;
let lookedAt = now();

/**
 * How long this process has run while something waited in it, in milliseconds. Time in which it was stopped, at a
 * breakpoint, with its machine or by blocking code, does not count: nothing could happen meanwhile.
 */
export function runningTime(): number {
  const passed = now() - lookedAt;
  lookedAt += passed;
  ran += Math.min(passed, 2 * PULSE);
  return ran;
}

/**
 * Waits for a promise, but at most `timeout` milliseconds of real time in which the process has run.
 *
 * @returns what the promise resolves to, or {@link EXPIRED}
 * @throws the signal's reason when it is aborted
 */
export function withTimeout<T>(promise: Promise<T>, timeout: number, signal?: AbortSignal): Promise<T | Expired> {
  return new Promise((resolve, reject) => {
    const deadline = runningTime() + timeout;
    const look = (): void => {
      const left = deadline - runningTime();
      if (left > 0) timer = setTimeout(look, Math.min(left, PULSE));
      else end(() => resolve(EXPIRED));
    };
    let timer = setTimeout(look, Math.max(0, Math.min(timeout, PULSE)));
    const end = (tell: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      tell();
    };
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the promise's own reason, or the signal's
    const fail = (reason: unknown): void => end(() => reject(reason));
    // A settled promise wins, even if no time is left or the signal is aborted at the same moment.
    const onAbort = (): void => queueMicrotask(() => fail(signal?.reason));
    promise.then((value) => end(() => resolve(value)), fail);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
}
