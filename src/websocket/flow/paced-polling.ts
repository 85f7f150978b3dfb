import { setTimeout } from 'node:timers';
import type { ServerResponse } from 'node:http';
import { connectionOf, type EngineRequest, transportOf } from '../socket-io/engine-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import { sizeOf } from './backlogs.js';
import { flowOf, type ConnectionFlow } from './connection-flow.js';

/** How long a request waits at most while earlier messages are handled, in milliseconds. */
const LONGEST_DELAY = 5_000;

/** Paces the packets of a polling connection: a single request may contain tens of thousands. */
export function pacePackets(flow: ConnectionFlow): void {
  const transport = transportOf(flow.conn);
  const onClose = transport.onClose.bind(transport);
  transport.onPacket = (packet) => {
    // The connection may have upgraded before a held packet is delivered, so its current transport emits it.
    const size = sizeOf(packet);
    if (flow.admits(size)) flow.conn.transport.emit('packet', packet);
    else flow.hold(size, () => flow.conn.transport.emit('packet', packet));
  };
  // The end waits for the packets that were sent before it.
  transport.onClose = () => {
    if (flow.isPaused) flow.hold(0, onClose);
    else onClose();
  };
}

/** Delays the POST requests of a polling client while its earlier messages are handled. */
export function paceRequests(
  engine: Server['engine'],
  maxSize: number,
  onTooLarge: (size: number | undefined) => void,
): void {
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    const flow = request.method === 'POST' ? flowOf(connectionOf(engine, request._query.sid)) : undefined;
    const size = Number(request.headers['content-length'] ?? NaN);
    if (flow && size > maxSize) onTooLarge(size);
    else if (flow && Number.isNaN(size))
      response.once('finish', () => response.statusCode === 413 && onTooLarge(undefined));
    if (!flow?.isPaused) return next();
    // `next` may be called twice; only the first call counts.
    setTimeout(next, LONGEST_DELAY).unref();
    flow.hold(0, next);
  });
}
