import type { Socket as TcpSocket } from 'node:net';

/** Has what is written to a TCP connection in this turn of the event loop leave in one call to the system. */
export function coalesceWrites(tcp: TcpSocket): void {
  tcp.cork();
  // Promises settle before the next tick.
  queueMicrotask(() => process.nextTick(uncork, tcp));
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}
