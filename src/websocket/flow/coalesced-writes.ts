import type { Socket as TcpSocket } from 'node:net';
import { transportOf, type Connection, type EnginePacket } from '../engine-internals.js';
import type { Server } from '../socket.io.js';

/**
 * Has packets that are flushed together leave in one call to the system: `ws` makes one for each. Engine.IO flushes the
 * first packet at once, and all that is sent until that has left when it has: several events of one turn of the event loop
 * leave in two writes.
 */
export function coalesceWrites(engine: Server['engine']): void {
  let corked: TcpSocket | null | undefined;
  engine.on('flush', (conn: Connection, packets: readonly EnginePacket[]) => {
    if (packets.length < 2) return;
    corked = transportOf(conn).socket?._socket;
    corked?.cork();
  });
  // Told as soon as the transport has been given the packets.
  engine.on('drain', () => {
    corked?.uncork();
    corked = undefined;
  });
}
