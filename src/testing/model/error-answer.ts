/** What an ack tells of a failure. WebsocketModule answers so; an app's own exception filter may, and need not have all of it. */
interface ErrorAnswer {
  readonly status: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/**
 * The error that an ack is, where it is one: a single value that says so by its `status`, which is `'error'` or, of an
 * exception that has one of its own, a number as of HTTP.
 */
export function errorAnswerIn(ack: readonly unknown[] | undefined): ErrorAnswer | undefined {
  const [answer, ...more] = ack ?? [];
  return more.length === 0 && isErrorAnswer(answer) ? answer : undefined;
}

function isErrorAnswer(value: unknown): value is ErrorAnswer {
  if (typeof value !== 'object' || value === null || !('status' in value)) return false;
  const { status } = value;
  return status === 'error' || (Number(status) >= 400 && 'code' in value && 'message' in value);
}
