import type { Socket as TcpSocket } from 'node:net';
import { transportOf, type Connection, type EnginePacket } from '../engine-internals.js';

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

/** Of a larger frame, a copy costs more than the system needs to gather its parts. In bytes. */
const WORTH_JOINING = 16_384;

/** Puts the frame of a broadcast into one buffer, once for all that get it: its header comes in one of its own. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
