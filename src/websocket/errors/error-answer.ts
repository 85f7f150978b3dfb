import { HttpException, HttpStatus } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { attempt } from './report-error.js';

/**
 * What a client is told about a failure. The module adds neither client input nor details of the server. The fields of
 * the object that a `WsException` or an `HttpException` was created with are added, and override these fields.
 */
export interface ErrorAnswer {
  /** `'error'`, unless an exception says otherwise. */
  status: string | number;
  /**
   * For programs: `VALIDATION_FAILED`, `FORBIDDEN`, `INTERNAL_ERROR`, `UNKNOWN_EVENT`, ... For a Nest `HttpException`
   * it is the name of the status, for example `NOT_FOUND`. If an exception has a `code`, it is that.
   */
  code: string | number;
  /** For humans. A list if a `WsException` was created with an object whose `message` is a list. */
  message: string | string[];
  /** The errors of a failed validation, one entry each. */
  details?: unknown;
  /** The event that failed. Set if the client is told by the event `exception`. */
  event?: string;
  /** Further fields of an exception. */
  [field: string]: unknown;
}

export const INTERNAL_ERROR: ErrorAnswer = errorAnswer('INTERNAL_ERROR', 'Internal server error');

export function errorAnswer(code: string | number, message: string, details?: unknown): ErrorAnswer {
  return { status: 'error', code, message, ...(details !== undefined && { details }) };
}

/** The error to refuse a client with. Socket.IO sends its `message` and `data` in `connect_error`. */
export function connectError(refusal: ErrorAnswer, data: unknown): Error {
  return Object.assign(new Error(messageOf(refusal)), { data });
}

/** The message, or the code if the message is not a string: an exception may carry any value, even client input. */
export function messageOf({ message, code }: ErrorAnswer): string {
  return typeof message === 'string' ? message : String(code);
}

/** A failure that an exception filter of the handler has already handled. */
export class FilteredError extends Error {
  override readonly name = 'FilteredError';

  constructor(override readonly cause: unknown) {
    super('An exception filter has dealt with this.', { cause });
  }
}

/** Whether an exception filter of the handler has already handled this failure. */
export function isFiltered(error: unknown): error is FilteredError {
  return attempt(() => error instanceof FilteredError, false);
}

/** Whether an error is meant for the client. Anything else is a fault of the server, to be logged. */
export function isMeantForClient(error: unknown): boolean {
  return attempt(
    () =>
      error instanceof FilteredError ||
      error instanceof WsException ||
      (error instanceof HttpException && isBelow500(error.getStatus())),
    false,
  );
}

/** Apps in JavaScript may have given any value as the status. */
function isBelow500(status: unknown): boolean {
  return typeof status === 'number' && status < 500;
}

/** The part of an error that a client may see. */
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
    const status = error.getStatus();
    return describe(withoutStatus(made, status), own ?? HttpStatus[status] ?? 'HTTP_EXCEPTION', message);
  }
  if (error instanceof WsException) return describe(error.getError(), own ?? 'WS_EXCEPTION', message);
  return INTERNAL_ERROR;
}

/** Nest adds the status and its text to the response of an `HttpException`. Here, the code already says it. */
function withoutStatus(made: unknown, status: number): unknown {
  const { statusCode, error: _, ...fields } = Object(made) as Record<string, unknown>;
  return typeof made === 'object' && statusCode === status ? fields : made;
}

/** @param made what the exception was created with: a text, a list of errors, or an object whose fields are added */
function describe(made: unknown, code: string | number, message: unknown): ErrorAnswer {
  const said = typeof message === 'string' ? message : String(code);
  if (Array.isArray(made)) return validation(made);
  if (typeof made !== 'object' || made === null) return errorAnswer(code, said);
  // The fields of other errors are internals of the server: addresses, requests with their headers.
  if (made instanceof Error) return errorAnswer(code, made.message || said);
  const fields = Object.entries(made).filter(([name, value]) => isTold(name, value));
  const told = fields.map(([name, value]) => [name, withoutPayload(value)]);
  return { ...errorAnswer(code, said), ...Object.fromEntries(told) };
}

/** Errors are left out. So is an invalid `status` or `code`, because it would replace the valid default. */
function isTold(field: string, value: unknown): boolean {
  if (value === undefined || value instanceof Error) return false;
  return !['status', 'code'].includes(field) || typeof value === 'string' || typeof value === 'number';
}

function validation(faults: readonly unknown[]): ErrorAnswer {
  return errorAnswer('VALIDATION_FAILED', 'Validation failed', withoutPayload(faults));
}

/** The errors of class-validator contain the object that failed, which is client input. */
function withoutPayload<T>(fault: T): T {
  if (Array.isArray(fault)) return fault.map(withoutPayload) as T;
  if (typeof fault !== 'object' || fault === null || !('constraints' in fault || 'children' in fault)) return fault;
  const { target: _, value: __, children, ...rest } = fault as Record<string, unknown>;
  return { ...rest, ...(Array.isArray(children) && { children: withoutPayload(children) }) } as T;
}
