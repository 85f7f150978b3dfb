import { errorAnswer, isMeantForClient, toErrorAnswer } from '../errors/error-answer.js';
import type { Failure } from '../dispatch/failures.js';
import { MiddlewareError } from '../errors/guarded-middleware.js';
import { attempt, logFailure } from '../errors/report-error.js';

/** Logs a refusal that was none, but a fault of the server's. @returns whether it was one */
export function logIfFault(refusal: unknown): boolean {
  if (!isThrown(refusal) || isMeantForClient(refusal.cause)) return false;
  logFailure(refusal.message, refusal.cause);
  return true;
}

/** What a client reads of an event's refusal: what `next(error)` was given, or a general text where it was thrown. */
export function failureOfEvent(refusal: unknown): Failure {
  const known = failureOf(refusal);
  if (known) return known;
  const { message, data } = partsOf(refusal);
  const said =
    typeof data === 'object' ? { ...errorAnswer('REFUSED', message), ...data } : errorAnswer('REFUSED', message, data);
  return { answer: said, error: refusal };
}

/** What a client that is refused a namespace gets by `connect_error`; what `next(error)` was given goes as it is. */
export function refusalOfClient(refusal: unknown): Error {
  const { message, data } = partsOf(refusal);
  return Object.assign(new Error(message), { data });
}

/** @returns undefined for what was given to `next` and is no exception of Nest's */
export function failureOf(refusal: unknown): Failure | undefined {
  if (!isThrown(refusal) && !isMeantForClient(refusal)) return undefined;
  const error = isThrown(refusal) ? refusal.cause : refusal;
  return { answer: toErrorAnswer(error), error };
}

/** Of an error or, where a middleware was not particular, of anything. */
function partsOf(refusal: unknown): { message: string; data: unknown } {
  return attempt(
    () => {
      const { message, data } = Object(refusal) as { message?: unknown; data?: unknown };
      return { message: [refusal, message].find((text) => typeof text === 'string') ?? 'Refused', data };
    },
    { message: 'Refused', data: undefined },
  );
}

function isThrown(refusal: unknown): refusal is MiddlewareError {
  return attempt(() => refusal instanceof MiddlewareError, false);
}
