import { internalsOf } from '../engine-internals.js';
import type { Connection } from '../engine-internals.js';

/** Of the WebSocket protocol: a message violates the policy of the endpoint. */
const POLICY_VIOLATION = 1008;

/**
 * Accepts nothing more for a client, and ends its connection: what it has got by then is all that was sent before. The app
 * hears of it when it is through with what it emits.
 */
export function cutOff(connection: Connection, reason: string): void {
  connection.readyState = 'closing';
  internalsOf(connection).transport.socket?.terminate();
  process.nextTick(() => end(connection, reason));
}

/** Ends a connection, and says why: what waits for the client is sent as far as possible, and the reason with its end. */
export function dismiss(connection: Connection, reason: string): void {
  const { transport, writeBuffer } = internalsOf(connection);
  if (transport.socket) {
    // A WebSocket takes more while it is busy, where Engine.IO would wait.
    if (writeBuffer.length > 0) transport.send(writeBuffer.splice(0));
    transport.socket.close(POLICY_VIOLATION, reason);
  }
  end(connection, reason);
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
