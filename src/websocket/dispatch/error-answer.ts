import { HttpException, HttpStatus } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { attempt } from '../thrown.js';
import { FilteredError } from './message-handler.js';

/**
 * What a client is told of a failure: in the ack of the event that failed or, where it asked for none, by the event
 * `exception`; as the `data` of a refusal too. Nothing of what the client sent is in it, and nothing of the server's
 * inside.
 */
export interface ErrorAnswer {
  status: 'error';
  /**
   * For programs: `VALIDATION_FAILED`, `FORBIDDEN`, `INTERNAL_ERROR`, `UNKNOWN_EVENT`, ...; of a Nest
   * `HttpException` its status, as in `NOT_FOUND`; of an exception that has a `code`, that.
   */
  code: string;
  /** For readers. */
  message: string;
  /** What a validation found, an entry for each fault. */
  details?: unknown;
}

export const INTERNAL_ERROR: ErrorAnswer = answer('INTERNAL_ERROR', 'Internal server error');

export function answer(code: string, message: string, details?: unknown): ErrorAnswer {
  return { status: 'error', code, message, ...(details !== undefined && { details }) };
}

/** The error that Socket.IO refuses a client with: it gets `connect_error`, with the error's `message` and `data`. */
export function connectError(refusal: ErrorAnswer): Error {
  return Object.assign(new Error(refusal.message), { data: refusal });
}

/** Whether a failure is one that an exception filter of the handler has dealt with. */
export function isFiltered(error: unknown): error is FilteredError {
  return attempt(() => error instanceof FilteredError, false);
}

/** Whether an error was meant for the client. Anything else is a fault of the server's, to be logged. */
export function isMeantForClient(error: unknown): boolean {
  return attempt(
    () =>
      error instanceof FilteredError ||
      error instanceof WsException ||
      (error instanceof HttpException && statusOf(error) < 500),
    false,
  );
}

/** What a client may know of an error. */
export function toErrorAnswer(error: unknown): ErrorAnswer {
  if (isFiltered(error)) return toErrorAnswer(error.cause);
  return isMeantForClient(error) ? attempt(() => describeException(error), INTERNAL_ERROR) : INTERNAL_ERROR;
}

function describeException(error: unknown): ErrorAnswer {
  const { code, message } = error as { code?: unknown; message: string };
  const own = textOfCode(code);
  if (error instanceof HttpException) return describe(error.getResponse(), own ?? nameOf(error), message);
  if (error instanceof WsException) return describe(error.getError(), own ?? 'WS_EXCEPTION', message);
  return INTERNAL_ERROR;
}

function textOfCode(code: unknown): string | undefined {
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
}

/** An exception may be made with anything, what the client has sent too. */
function statusOf(error: HttpException): number {
  const status: unknown = error.getStatus();
  return typeof status === 'number' ? status : HttpStatus.INTERNAL_SERVER_ERROR;
}

function nameOf(error: HttpException): string {
  return HttpStatus[statusOf(error)] ?? 'HTTP_EXCEPTION';
}

/** What an exception was made with: a text, a list of faults, or an object whose own fields go along. */
function describe(made: unknown, code: string, message: unknown): ErrorAnswer {
  const said = typeof message === 'string' ? message : code;
  if (Array.isArray(made)) return validation(made);
  if (typeof made !== 'object' || made === null) return answer(code, said);
  // What other errors carry is of the server's inside: addresses, requests with their headers.
  if (made instanceof Error) return answer(code, made.message || said);
  const {
    status: _,
    statusCode: __,
    error: ___,
    message: text,
    cause: ____,
    code: codeOfMade,
    ...fields
  } = made as Record<string, unknown>;
  if (Array.isArray(text)) return validation(text);
  return {
    ...answer(textOfCode(codeOfMade) ?? code, typeof text === 'string' ? text : said),
    ...withoutPayload(fields),
  };
}

function validation(faults: readonly unknown[]): ErrorAnswer {
  return answer('VALIDATION_FAILED', 'Validation failed', faults.map(withoutPayload));
}

/** class-validator's errors carry the object that failed, which is what the client sent. */
function withoutPayload<T>(fault: T): T {
  if (typeof fault !== 'object' || fault === null || !('constraints' in fault || 'children' in fault))
    return fault;
  const { target: _, value: __, children, ...rest } = fault as Record<string, unknown>;
  return { ...rest, ...(Array.isArray(children) && { children: children.map(withoutPayload) }) } as T;
}
