import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from '../socket.io.js';

/** Why a request to Engine.IO is refused, and what it is answered. */
export interface HandshakeRefusal {
  readonly status: 400 | 403 | 408 | 429 | 503;
  /** For programs, as in `ORIGIN_NOT_ALLOWED`. */
  readonly code: string;
  /** For readers; it is told to the client. */
  readonly message: string;
  /** After how many seconds another try may have success. */
  readonly retryAfter?: number;
}

/** What stands in for a response while a WebSocket is opened; Engine.IO's own answers such a request without a status. */
export type UpgradeResponse = Pick<ServerResponse, 'getHeader'>;

/** Of Engine.IO: the code of its `connection_error` for what is forbidden. */
const FORBIDDEN = 4;

/**
 * Answers a request to Engine.IO with an HTTP error, `{ code, message }` in its body, and tells those who listen to
 * `connection_error` as Engine.IO does. The request goes no further.
 */
export function refuseHandshake(
  engine: Server['engine'],
  request: IncomingMessage,
  response: ServerResponse | UpgradeResponse,
  refusal: HandshakeRefusal,
): void {
  const { code, message } = refusal;
  engine.emit('connection_error', {
    req: request,
    code: FORBIDDEN,
    message: STATUS_CODES[refusal.status],
    context: { name: code, message },
  });
  const body = JSON.stringify({ code, message });
  if (isHttp(response)) response.writeHead(refusal.status, headersOf(refusal, body)).end(body);
  else answerUpgrade(request, refusal, body);
}

/** Whether the answer is an HTTP response, and not a WebSocket that is to be opened. */
export function isHttp(response: ServerResponse | UpgradeResponse): response is ServerResponse {
  return 'headersSent' in response;
}

function answerUpgrade({ socket }: IncomingMessage, refusal: HandshakeRefusal, body: string): void {
  const headers = Object.entries(headersOf(refusal, body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${headers.join('')}\r\n${body}`);
}

function headersOf({ retryAfter }: HandshakeRefusal, body: string): Record<string, string | number> {
  return {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
  };
}
