import { attempt } from '../thrown.js';

/** What a handler returns to have an event emitted to the client: `{ event, data }`, as Nest documents it. */
export interface WsResponse {
  readonly event: string;
  readonly data?: unknown;
}

/**
 * Whether a handler's result says to emit an event.
 *
 * The same form in something that the client has sent says nothing: an echo must not let the client choose what is
 * emitted. Where the app does not say which events may be, a result is plain data whose event's name came along as an
 * `event` of what the client has sent.
 *
 * @param allowed the events that may be emitted in this way
 * @param sent what the client has sent, with the message and when it connected
 */
export function isWsResponse(
  result: unknown,
  allowed: ReadonlySet<string> | undefined,
  sent: () => readonly unknown[],
): result is WsResponse {
  if (typeof result !== 'object' || result === null) return false;
  const { event } = result as Partial<WsResponse>;
  if (typeof event !== 'string' || event === '') return false;
  return allowed ? allowed.has(event) : !names(sent(), event);
}

/** Whether a payload has, at any depth or in a text or bytes of JSON, an `event` of this name. Its depth is bounded. */
function names(payload: unknown, event: string): boolean {
  if (typeof payload === 'string') return isNamedInText(payload, event);
  if (typeof payload !== 'object' || payload === null) return false;
  if (ArrayBuffer.isView(payload)) {
    const { buffer, byteOffset, byteLength } = payload;
    return isNamedInText(Buffer.from(buffer, byteOffset, byteLength).toString(), event);
  }
  if (Array.isArray(payload)) return payload.some((item) => names(item, event));
  return Object.entries(payload).some(
    ([key, value]) => (key === 'event' && value === event) || names(value, event),
  );
}

function isNamedInText(text: string, event: string): boolean {
  if (text.includes('"event"') && text.includes(event)) return true;
  // In JSON, any character may be written in another way.
  if (!/["[{]/.test(text)) return false;
  return names(
    attempt(() => JSON.parse(text) as unknown, undefined),
    event,
  );
}
