import type { Socket as TcpSocket } from 'node:net';
import { transportOf, type Connection } from '../engine-internals.js';

/**
 * Has the packets that are given to a WebSocket in this tick leave in one call to the system: `ws` makes one for each.
 * Engine.IO flushes the first packet at once, and when that has left all that was sent meanwhile: several events of one
 * turn of the event loop leave in two writes.
 */
export function writeAtOnce(conn: Connection): void {
  const tcp = transportOf(conn).socket?._socket;
  if (!tcp) return;
  tcp.cork();
  process.nextTick(uncork, tcp);
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}
