import type { Socket as TcpSocket } from 'node:net';
import { tcpOf, transportOf } from '../socket-io/engine-internals.js';
import type { ConnectionFlow } from './connection-flow.js';

/** The bytes that the transport has taken but not sent. A large message counts in full until its last byte is sent. */
export function inTransport(flow: ConnectionFlow): number {
  return sum(flow, (tcp) => tcp.writableLength);
}

/** The bytes that the system has taken for the client. The number grows as long as the client reads. */
export function takenBy(flow: ConnectionFlow): number {
  return sum(flow, taken);
}

/** The bytes that the transport has taken but the system has not. */
export function notTakenOf(flow: ConnectionFlow): number {
  return sum(flow, (tcp) => tcp.bytesWritten - taken(tcp));
}

type Handle = { readonly bytesWritten: number; readonly writeQueueSize: number } | null;

/**
 * Node reports a single large write only when all of it was taken; the handle below knows its progress. Node's own
 * socket timeout reads the handle too: https://github.com/nodejs/node/blob/v24.0.0/lib/net.js#L590-L607
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
