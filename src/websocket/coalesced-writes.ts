import type { Socket as TcpSocket } from 'node:net';

/** Has what is written to a TCP connection until all promises have settled leave in one call to the system. */
export function coalesceWrites(tcp: TcpSocket): void {
  tcp.cork();
  // A tick that a promise asks for comes after all promises that settle now; one that is asked for here comes before.
  queueMicrotask(() => process.nextTick(uncork, tcp));
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}
