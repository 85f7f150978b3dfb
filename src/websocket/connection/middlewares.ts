import { errorAnswer, isMeantForClient, toErrorAnswer } from '../errors/error-answer.js';
import type { Failure } from '../dispatch/failures.js';
import { MiddlewareError } from '../errors/guarded-middleware.js';
import { attempt, logFailure, saidBy } from '../errors/report-error.js';

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
  const [message, data] = [saidBy(refusal, 'Refused'), dataOf(refusal)];
  const said =
    typeof data === 'object' ? { ...errorAnswer('REFUSED', message), ...data } : errorAnswer('REFUSED', message, data);
  return { answer: said, error: refusal };
}

/** What a refused client gets by `connect_error`: `message` and `data` of the error that was given to `next`. */
export function refusalOfClient(refusal: unknown): Error {
  return Object.assign(new Error(saidBy(refusal, 'Refused')), { data: dataOf(refusal) });
}

/** @returns undefined if the error was given to `next` and is not a Nest exception that is meant for the client */
export function failureOf(refusal: unknown): Failure | undefined {
  if (!isThrown(refusal) && !isMeantForClient(refusal)) return undefined;
  const error = isThrown(refusal) ? refusal.cause : refusal;
  return { answer: toErrorAnswer(error), error };
}

function dataOf(refusal: unknown): unknown {
  return attempt(() => (Object(refusal) as { data?: unknown }).data, undefined);
}

function isThrown(refusal: unknown): refusal is MiddlewareError {
  return attempt(() => refusal instanceof MiddlewareError, false);
}
