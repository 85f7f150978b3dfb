import { guardedCall } from './guarded-call.js';
import { logFailure } from './report-error.js';

/** Accepts or, with an error, refuses. */
export type Next = (error?: Error | null) => void;

/** A middleware threw, or its promise rejected, before it called `next`. */
export class MiddlewareError extends Error {
  override readonly name = 'MiddlewareError';
}

/**
 * Calls a middleware of the app. `next` is called at most once, and with an error if the middleware fails.
 *
 * @param subject what the middleware decides about, for messages, for example `client 123`
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
