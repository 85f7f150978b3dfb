import { errorAnswer, isMeantForClient, toErrorAnswer } from '../errors/error-answer.js';
import type { Failure } from '../dispatch/failures.js';
import { MiddlewareError } from '../errors/guarded-middleware.js';
import { attempt, logFailure } from '../errors/report-error.js';

/** Logs an error that a middleware threw, unless it is meant for the client. @returns whether it was logged */
export function logIfFault(refusal: unknown): boolean {
  if (!isThrown(refusal) || isMeantForClient(refusal.cause)) return false;
  logFailure(refusal.message, refusal.cause);
  return true;
}

/**
 * What a client gets for a refused event: the error that was given to `next`. A thrown error becomes a generic one,
 * unless it is meant for the client.
 */
export function failureOfEvent(refusal: unknown): Failure {
  const known = failureOf(refusal);
  if (known) return known;
  const { message, data } = partsOf(refusal);
  const said =
    typeof data === 'object' ? { ...errorAnswer('REFUSED', message), ...data } : errorAnswer('REFUSED', message, data);
  return { answer: said, error: refusal };
}

/** What a refused client gets by `connect_error`: `message` and `data` of the error that was given to `next`. */
export function refusalOfClient(refusal: unknown): Error {
  const { message, data } = partsOf(refusal);
  return Object.assign(new Error(message), { data });
}

/** @returns undefined if the error was given to `next` and is not a Nest exception that is meant for the client */
export function failureOf(refusal: unknown): Failure | undefined {
  if (!isThrown(refusal) && !isMeantForClient(refusal)) return undefined;
  const error = isThrown(refusal) ? refusal.cause : refusal;
  return { answer: toErrorAnswer(error), error };
}

/** A middleware may give anything to `next`, not only an error. */
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
