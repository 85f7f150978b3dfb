import type { ServerResponse } from 'node:http';
import { internalsOf } from '../engine-internals.js';
import type { Connection, EnginePacket } from '../engine-internals.js';
import type { Violation } from './violation.js';

/** Of the WebSocket protocol: a message violates the policy of the endpoint. */
const POLICY_VIOLATION = 1008;

/** Has a connection keep nothing more of what is sent to its client. It is to be ended then, soon. */
export function stopSending(connection: Connection): void {
  connection.readyState = 'closing';
  internalsOf(connection).writeBuffer = [];
}

/** Ends a connection at once: what waits for the client is not sent, and what its TCP socket holds is freed. */
export function abort(connection: Connection, reason: string): void {
  const { socket } = internalsOf(connection).transport;
  end(connection, reason);
  socket?.terminate();
}

/**
 * Ends a connection, and says why: what waits for the client is sent as far as possible and, where the transport is a
 * WebSocket, the reason with its end.
 *
 * @returns what ends the TCP connection, in case that the client does not
 */
export function dismiss(
  connection: Connection,
  { reason, isFlood }: Pick<Violation, 'reason' | 'isFlood'>,
): (() => void) | undefined {
  const { transport, writeBuffer } = internalsOf(connection);
  const { socket } = transport;
  if (socket) {
    // A WebSocket takes more while it is busy, where Engine.IO would wait.
    if (writeBuffer.length > 0) transport.send(writeBuffer.splice(0));
    socket.close(POLICY_VIOLATION, reason);
    if (isFlood) {
      // The client's own goodbye would come behind all that it floods with, which is not read any more.
      socket.pause();
      socket._socket?.end();
    }
  }
  end(connection, reason);
  return socket && (() => socket.terminate());
}

/** Whether a packet that is made now waits for nothing: a WebSocket that is ready takes it. */
export function isReady(connection: Connection): boolean {
  const { transport, writeBuffer } = internalsOf(connection);
  return transport.writable && writeBuffer.length === 0 && transport.name === 'websocket';
}

/** What waits for its transport to be ready. */
export function queueOf(connection: Connection): readonly EnginePacket[] {
  return internalsOf(connection).writeBuffer;
}

/** Of polling: the answer that what waits is about to be written to. */
export function answerOf(connection: Connection): ServerResponse | undefined {
  return internalsOf(connection).transport.res ?? undefined;
}

/** Of polling: where a connection is gone, nothing has to wait for a further poll to tell the client. */
export function releaseTransport(connection: Connection): void {
  if (connection.readyState === 'closed') internalsOf(connection).transport.shouldClose?.();
}

function end(connection: Connection, reason: string): void {
  const internals = internalsOf(connection);
  internals.transport.discard();
  // The public close() waits for what is still to be sent, and takes no reason.
  internals.onClose(reason);
  releaseTransport(connection);
}
