import { setTimeout } from 'node:timers';
import {
  endConnection,
  queueOf,
  transportOf,
  type Connection,
  WEBSOCKET_CLOSED,
} from '../socket-io/engine-internals.js';
import { errorAnswer } from '../errors/error-answer.js';
import type { Server } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import { type DecodedPacket, PacketType } from '../socket-io/packet.js';
import type { Violation } from './violation.js';

/** Of the WebSocket protocol: a message violates the policy of the endpoint. */
const POLICY_VIOLATION = 1008;
/** How long a client that is let go may take for its goodbye, in milliseconds. */
const FAREWELL = 1_000;

/**
 * Accepts nothing more for a client, and ends its connection: what it has got by then is all that was sent before. The app
 * hears of it when it is through with what it emits.
 */
export function cutOff(flow: ConnectionFlow, reason: string): void {
  flow.conn.readyState = 'closing';
  abandonTransport(flow);
  process.nextTick(() => end(flow.conn, reason));
}

/** Ends the TCP connections of a client, and with them what they still have to send. */
export function abandonTransport({ conn, answeredBy }: ConnectionFlow): void {
  transportOf(conn).socket?.terminate();
  for (const tcp of answeredBy) if (tcp.writableLength > 0) tcp.destroy();
}

/** Ends a connection, and says why: what waits for the client is sent as far as possible, and the reason with its end. */
export function dismiss({ encoder }: Server, connection: Connection, violation: Violation): void {
  // There may be no socket yet to emit it.
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the numbers are those of the protocol
  for (const encoded of encoder.encode(noticeOf(violation))) connection.write(encoded);
  const transport = transportOf(connection);
  if (transport.socket) {
    // A WebSocket takes more while it is busy, where Engine.IO would wait.
    if (queueOf(connection).length > 0) transport.send(queueOf(connection).splice(0));
    transport.socket.close(POLICY_VIOLATION, violation.reason);
  }
  terminateSoon(connection);
  end(connection, violation.reason);
}

/** Ends the TCP connection of a WebSocket that does not end by itself. */
export function terminateSoon(connection: Connection): void {
  const { socket } = transportOf(connection);
  if (socket && socket.readyState !== WEBSOCKET_CLOSED) setTimeout(() => socket.terminate(), FAREWELL).unref();
}

/** Of polling: where a connection is gone, nothing has to wait for a further poll to tell the client. */
export function releaseTransport(connection: Connection): void {
  if (connection.readyState === 'closed') transportOf(connection).shouldClose?.();
}

/** `connect_error`, where a client was about to join a namespace, else the event `exception`. */
function noticeOf({ code, message, packet }: Violation): DecodedPacket {
  const why = errorAnswer(code, message);
  const { type, nsp }: Pick<DecodedPacket, 'type' | 'nsp'> = packet ?? { type: PacketType.EVENT, nsp: '/' };
  return type === PacketType.CONNECT
    ? { type: PacketType.CONNECT_ERROR, nsp, data: { message, data: why } }
    : { type: PacketType.EVENT, nsp, data: ['exception', why] };
}

function end(connection: Connection, reason: string): void {
  connection.transport.discard();
  endConnection(connection, reason);
  releaseTransport(connection);
}
