import { setTimeout } from 'node:timers';
import type { ServerResponse } from 'node:http';
import { connectionOf, type EngineRequest, transportOf } from '../socket-io/engine-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import { sizeOf } from './backlogs.js';
import { flowOf, type ConnectionFlow } from './connection-flow.js';

/** How long a request waits at most while what came before it is dealt with, in milliseconds. */
const LONGEST_DELAY = 5_000;

/** Paces the packets of a polling connection: a single request may have tens of thousands of them. */
export function pacePackets(flow: ConnectionFlow): void {
  const transport = transportOf(flow.conn);
  const onClose = transport.onClose.bind(transport);
  transport.onPacket = (packet) => {
    // By the transport of the connection: an upgrade may come before all that is held was delivered.
    const size = sizeOf(packet);
    if (flow.admits(size)) flow.conn.transport.emit('packet', packet);
    else flow.hold(size, () => flow.conn.transport.emit('packet', packet));
  };
  // The end comes behind what was sent before it.
  transport.onClose = () => {
    if (flow.isPaused) flow.hold(0, onClose);
    else onClose();
  };
}

/** Has the requests by which a polling client sends wait while what it has sent before is dealt with. */
export function paceRequests(
  engine: Server['engine'],
  maxSize: number,
  onTooLarge: (size: number | undefined) => void,
): void {
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    const conn = request.method === 'POST' ? connectionOf(engine, request._query.sid) : undefined;
    const flow = conn && flowOf(conn);
    const size = Number(request.headers['content-length'] ?? NaN);
    if (flow && size > maxSize) onTooLarge(size);
    else if (flow && Number.isNaN(size))
      response.once('finish', () => response.statusCode === 413 && onTooLarge(undefined));
    if (!flow?.isPaused) return next();
    // What goes on first is what counts.
    setTimeout(next, LONGEST_DELAY).unref();
    flow.hold(0, next);
  });
}
