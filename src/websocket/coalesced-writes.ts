import type { Socket as TcpSocket } from 'node:net';

/** Gathers what is written to a TCP connection until the promises at hand have settled, and writes it in one system call. */
export function coalesceWrites(tcp: TcpSocket): void {
  tcp.cork();
  // From a microtask, nextTick runs after all other microtasks; called directly, it would run before them.
  queueMicrotask(() => process.nextTick(uncork, tcp));
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}
