import { setTimeout } from 'node:timers';
import { endConnection, queueOf, transportOf, type Connection } from '../socket-io/engine-internals.js';
import { errorAnswer } from '../errors/error-answer.js';
import type { Server } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import { type DecodedPacket, PacketType } from '../socket-io/packet.js';
import type { Violation } from './violation.js';

/** The WebSocket close code for a message that violates the policy of the endpoint. */
const POLICY_VIOLATION = 1008;
/** How long a disconnected client may take to close its connection, in milliseconds. */
const FAREWELL = 1_000;

/**
 * Accepts nothing more for a client and terminates its connection. What still waits for the client is discarded. The
 * app is told on the next tick, after the code that is emitting has finished.
 */
export function cutOff(flow: ConnectionFlow, reason: string): void {
  flow.conn.readyState = 'closing';
  abandonTransport(flow);
  process.nextTick(() => endConnection(flow.conn, reason));
}

/** Terminates the TCP connections of a client and discards what they still have to send. */
export function abandonTransport({ conn, answeredBy }: ConnectionFlow): void {
  transportOf(conn).socket?.terminate();
  for (const tcp of answeredBy) if (tcp.writableLength > 0) tcp.destroy();
}

/** Disconnects a client and tells it why. What waits for the client is sent first, as far as possible. */
export function dismiss({ encoder }: Server, connection: Connection, violation: Violation): void {
  // There may be no Socket.IO socket yet that could emit the notice.
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the numbers are those of the protocol
  for (const encoded of encoder.encode(noticeOf(violation))) connection.write(encoded);
  const transport = transportOf(connection);
  if (transport.socket) {
    // A busy WebSocket accepts more packets, but Engine.IO would wait.
    if (queueOf(connection).length > 0) transport.send(queueOf(connection).splice(0));
    transport.socket.close(POLICY_VIOLATION, violation.reason);
  }
  terminateSoon(connection);
  endConnection(connection, violation.reason);
}

/** Terminates the TCP connection of a WebSocket that does not close by itself. */
export function terminateSoon(connection: Connection): void {
  const { socket } = transportOf(connection);
  if (socket && socket.readyState !== socket.CLOSED) setTimeout(() => socket.terminate(), FAREWELL).unref();
}

/** `connect_error` if the client was joining a namespace, otherwise the event `exception`. */
function noticeOf({ code, message, packet }: Violation): DecodedPacket {
  const why = errorAnswer(code, message);
  const { type, nsp }: Pick<DecodedPacket, 'type' | 'nsp'> = packet ?? { type: PacketType.EVENT, nsp: '/' };
  return type === PacketType.CONNECT
    ? { type: PacketType.CONNECT_ERROR, nsp, data: { message, data: why } }
    : { type: PacketType.EVENT, nsp, data: ['exception', why] };
}
