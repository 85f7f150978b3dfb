/** What the kit tells a client of a failure. */
export function answered(code: unknown, message: string, fields: object = {}): object {
  return { status: 'error', code, message, ...fields };
}

/** What it tells of an event that failed. */
export function failure(event: string, code: unknown, message: string, fields: object = {}): object {
  return answered(code, message, { event, ...fields });
}

/** What it tells of an event that failed by a fault of the server's. */
export function internalError(event: string): object {
  return failure(event, 'INTERNAL_ERROR', 'Internal server error');
}
