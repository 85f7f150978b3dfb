import { HttpException, HttpStatus } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { FilteredError } from './filtered-error.js';
import { attempt } from './report-error.js';

/**
 * What a client is told of a failure. The module adds neither what the client sent nor details of the server. The fields of
 * the object that a `WsException` or an `HttpException` was made with are sent along, and replace these by the same name.
 */
export interface ErrorAnswer {
  /** `'error'`, unless an exception says otherwise. */
  status: string | number;
  /**
   * For programs: `VALIDATION_FAILED`, `FORBIDDEN`, `INTERNAL_ERROR`, `UNKNOWN_EVENT`, ...; of a Nest
   * `HttpException` its status, as in `NOT_FOUND`; of an exception that has a `code`, that.
   */
  code: string | number;
  /** For readers; a list where a `WsException` was made with one. */
  message: string | string[];
  /** What a validation found, an entry for each fault. */
  details?: unknown;
  /** The event that failed, where the client is told by the event `exception`. */
  event?: string;
  /** Further fields of an exception. */
  [field: string]: unknown;
}

export const INTERNAL_ERROR: ErrorAnswer = errorAnswer('INTERNAL_ERROR', 'Internal server error');

export function errorAnswer(code: string | number, message: string, details?: unknown): ErrorAnswer {
  return { status: 'error', code, message, ...(details !== undefined && { details }) };
}

/** The error that Socket.IO refuses a client with: it gets `connect_error`, with the error's `message` and `data`. */
export function connectError(refusal: ErrorAnswer, data: unknown): Error {
  return Object.assign(new Error(messageOf(refusal)), { data });
}

/** For readers: an exception may be made with any message, what the client has sent too. */
export function messageOf({ message, code }: ErrorAnswer): string {
  return typeof message === 'string' ? message : String(code);
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
  const own = typeof code === 'string' || typeof code === 'number' ? code : undefined;
  if (error instanceof HttpException) {
    const made = error.getResponse();
    const { message: faults } = Object(made) as { message?: unknown };
    if (Array.isArray(faults)) return validation(faults);
    return describe(
      withoutStatus(made, statusOf(error)),
      own ?? HttpStatus[statusOf(error)] ?? 'HTTP_EXCEPTION',
      message,
    );
  }
  if (error instanceof WsException) return describe(error.getError(), own ?? 'WS_EXCEPTION', message);
  return INTERNAL_ERROR;
}

/** Nest puts the status and its text into what an `HttpException` was made with; the code says it here. */
function withoutStatus(made: unknown, status: number): unknown {
  const { statusCode, error: _, ...fields } = Object(made) as Record<string, unknown>;
  return typeof made === 'object' && statusCode === status ? fields : made;
}

/** An exception may be made with anything, what the client has sent too. */
function statusOf(error: HttpException): number {
  const status: unknown = error.getStatus();
  return typeof status === 'number' ? status : HttpStatus.INTERNAL_SERVER_ERROR;
}

/** What an exception was made with: a text, a list of faults, or an object whose own fields go along. */
function describe(made: unknown, code: string | number, message: unknown): ErrorAnswer {
  const said = typeof message === 'string' ? message : String(code);
  if (Array.isArray(made)) return validation(made);
  if (typeof made !== 'object' || made === null) return errorAnswer(code, said);
  // What other errors carry is of the server's inside: addresses, requests with their headers.
  if (made instanceof Error) return errorAnswer(code, made.message || said);
  const fields = Object.entries(made).filter(([name, value]) => isTold(name, value));
  return {
    ...errorAnswer(code, said),
    ...Object.fromEntries(fields.map(([name, value]) => [name, withoutPayload(value)])),
  };
}

/** Errors are not; a code that is none is no reason to lose the code of the exception's class. */
function isTold(field: string, value: unknown): boolean {
  if (value === undefined || value instanceof Error) return false;
  return !['status', 'code'].includes(field) || typeof value === 'string' || typeof value === 'number';
}

function validation(faults: readonly unknown[]): ErrorAnswer {
  return errorAnswer('VALIDATION_FAILED', 'Validation failed', withoutPayload(faults));
}

/** class-validator's errors carry the object that failed, which is what the client sent. */
function withoutPayload<T>(fault: T): T {
  if (Array.isArray(fault)) return fault.map(withoutPayload) as T;
  if (typeof fault !== 'object' || fault === null || !('constraints' in fault || 'children' in fault)) return fault;
  const { target: _, value: __, children, ...rest } = fault as Record<string, unknown>;
  return { ...rest, ...(Array.isArray(children) && { children: withoutPayload(children) }) } as T;
}
