import { clearTimeout, setTimeout } from 'node:timers';
import type { ServerResponse } from 'node:http';
import { connectionOf, internalsOf } from '../engine-internals.js';
import type { Connection, EnginePacket } from '../engine-internals.js';
import type { EngineRequest } from '../handshake/engine-request.js';
import type { Server } from '../socket.io.js';
import { stateOf } from './connection-state.js';
import type { PacedWebSocket } from './paced-websocket.js';
import type { ReadGate } from './read-gate.js';

/** How long a request waits at most while what came before it is dealt with, in milliseconds. */
const LONGEST_DELAY = 5_000;

/** Has the packets of a polling connection pass a gate: a single request may have tens of thousands of them. */
export function pacePolling(conn: Connection, gate: ReadGate): void {
  const { transport } = internalsOf(conn);
  const onClose = transport.onClose.bind(transport);
  transport.onPacket = (packet) => {
    const bytes = sizeOf(packet);
    // An upgrade may come before all that is held was delivered.
    const deliver = (): unknown => internalsOf(conn).transport.emit('packet', packet);
    if (gate.admits(bytes)) deliver();
    else gate.hold(bytes, deliver);
  };
  // The end comes behind what was sent before it.
  transport.onClose = () => {
    if (gate.isPaused) gate.hold(0, onClose);
    else onClose();
  };
  conn.on('upgrading', ({ socket }: { socket?: PacedWebSocket }) => socket?.passThrough(gate));
}

/** Has the requests by which a polling client sends wait while what it has sent before is dealt with. */
export function pacePosts(engine: Server['engine'], maxSize: number, onTooLarge: (size?: number) => void): void {
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    if (request.method !== 'POST') {
      next();
      return;
    }
    const size = Number(request.headers['content-length']);
    if (size > maxSize) onTooLarge(size);
    else if (Number.isNaN(size)) {
      response.once('finish', () => {
        if (response.statusCode === 413) onTooLarge();
      });
    }
    const conn = connectionOf(engine, request._query.sid);
    const gate = conn && stateOf(conn)?.gate;
    if (gate?.isPaused) waitFor(gate, next);
    else next();
  });
}

function waitFor(gate: ReadGate, next: () => void): void {
  let isThrough = false;
  const once = (): void => {
    if (isThrough) return;
    isThrough = true;
    clearTimeout(timer);
    next();
  };
  const timer = setTimeout(once, LONGEST_DELAY).unref();
  gate.whenOpen(once);
}

function sizeOf({ data }: EnginePacket): number {
  if (data === undefined) return 0;
  return typeof data === 'string' ? data.length : data.byteLength;
}
