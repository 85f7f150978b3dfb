/** An error in an ack. WebsocketModule answers like this. An app's own exception filter may too, and may omit parts. */
interface ErrorAnswer {
  readonly status: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/**
 * Returns the error in an ack, if it is one: a single value whose `status` is `'error'`, or an HTTP error status
 * together with a `code` and a `message`.
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
