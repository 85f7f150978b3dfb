/** What a handler returns to have an event emitted to the client: `{ event, data }`, as Nest documents it. */
export interface WsResponse {
  readonly event: string;
  readonly data?: unknown;
}

/**
 * Whether a handler's result says to emit an event.
 *
 * The same form in something that the client has sent says nothing: an echo must not let the client choose what is
 * emitted. So a result whose event's name came along as an `event` of the payload is plain data.
 *
 * @param payload what the client sent
 */
export function isWsResponse(result: unknown, payload: unknown): result is WsResponse {
  if (typeof result !== 'object' || result === null) return false;
  const { event } = result as Partial<WsResponse>;
  return typeof event === 'string' && event !== '' && !names(payload, event);
}

/** Whether a payload has, at any depth or in a JSON text, an `event` of this name. Payloads are bounded in depth. */
function names(payload: unknown, event: string): boolean {
  if (typeof payload === 'string') return payload.includes('"event"') && payload.includes(event);
  if (typeof payload !== 'object' || payload === null || ArrayBuffer.isView(payload)) return false;
  if (Array.isArray(payload)) return payload.some((item) => names(item, event));
  return Object.entries(payload).some(
    ([key, value]) => (key === 'event' && value === event) || names(value, event),
  );
}
