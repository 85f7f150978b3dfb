import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { isHttp, type UpgradeResponse } from '../socket-io/engine-internals.js';
import type { Server } from '../socket-io/socket.io.js';

/** Why a request to Engine.IO is refused, and how it is answered. */
export class HandshakeRefusal {
  /**
   * @param code for programs, such as `ORIGIN_NOT_ALLOWED`
   * @param message for readers; it is sent to the client
   * @param retryAfter after how many seconds another try may succeed
   */
  constructor(
    readonly status: 403 | 429 | 503,
    readonly code: string,
    readonly message: string,
    readonly retryAfter?: number,
  ) {}
}

/** Engine.IO's code in `connection_error` for a forbidden request. */
const FORBIDDEN = 4;

/**
 * Answers a request to Engine.IO with an HTTP error, with `{ code, message }` in its body, and emits `connection_error`
 * as Engine.IO does. The request goes no further.
 */
export function refuseHandshake(
  engine: Server['engine'],
  request: IncomingMessage,
  response: ServerResponse | UpgradeResponse,
  { status, code, message, retryAfter }: HandshakeRefusal,
): void {
  engine.emit('connection_error', {
    req: request,
    code: FORBIDDEN,
    message: STATUS_CODES[status],
    context: { name: code, message },
  });
  const body = JSON.stringify({ code, message });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
  };
  if (isHttp(response)) response.writeHead(status, headers).end(body);
  else {
    const { socket } = request;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  }
}
