import type { Socket as TcpSocket } from 'node:net';
import { tcpOf, transportOf } from '../socket-io/engine-internals.js';
import type { ConnectionFlow } from './connection-flow.js';

/** How many bytes its transport has taken and not sent yet; of one large message, all until the last was sent. */
export function inTransport(flow: ConnectionFlow): number {
  return sum(flow, (tcp) => tcp.writableLength);
}

/** How many bytes the system has taken for the client: a number that grows as long as the client reads. */
export function takenBy(flow: ConnectionFlow): number {
  return sum(flow, taken);
}

/** How many bytes of what its transport has taken the system has not. */
export function notTakenOf(flow: ConnectionFlow): number {
  return sum(flow, (tcp) => tcp.bytesWritten - taken(tcp));
}

type Handle = { readonly bytesWritten: number; readonly writeQueueSize: number } | null;

/**
 * Of a single large write, Node says only when all of it was taken; the handle below tells how far it is. Node's own
 * timeout of a socket looks there too: https://github.com/nodejs/node/blob/v24.0.0/lib/net.js#L590-L607
 */
function taken(tcp: TcpSocket & { readonly _handle?: Handle }): number {
  const handle = tcp._handle;
  return handle ? handle.bytesWritten - handle.writeQueueSize : tcp.bytesWritten - tcp.writableLength;
}

function sum(flow: ConnectionFlow, bytes: (tcp: TcpSocket) => number): number {
  if (transportOf(flow.conn).socket) {
    const tcp = tcpOf(flow.conn);
    return tcp ? bytes(tcp) : 0;
  }
  flow.answeredBy = flow.answeredBy.filter((tcp) => !tcp.destroyed);
  return flow.answeredBy.reduce((total, tcp) => total + bytes(tcp), 0);
}
