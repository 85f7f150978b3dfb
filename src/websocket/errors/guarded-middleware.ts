import { guardedCall } from './guarded-call.js';
import { logFailure } from './report-error.js';

/** Lets through or, with an error, refuses. */
export type Next = (error?: Error | null) => void;

/** A middleware has thrown, where it was to call `next`. */
export class MiddlewareError extends Error {
  override readonly name = 'MiddlewareError';
}

/**
 * Whatever a middleware of the app's does, what it is asked for goes on or is refused, once.
 *
 * @param subject for readers: what it is asked about, as in `client 123`
 */
export function guardedMiddleware(call: (next: Next) => unknown, next: Next, subject: string): void {
  let through = false;
  const once: Next = (error) => {
    if (through) return;
    through = true;
    next(error);
  };
  guardedCall(
    () => call(once),
    (error) => {
      if (through) logFailure(`A middleware failed after it was through, on ${subject}`, error);
      else once(new MiddlewareError(`A middleware failed on ${subject}`, { cause: error }));
    },
  );
}
