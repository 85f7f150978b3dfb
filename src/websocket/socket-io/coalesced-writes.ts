import type { Socket as TcpSocket } from 'node:net';

/** Buffers what is written to a TCP connection until all microtasks have run, and writes it in one system call. */
export function coalesceWrites(tcp: TcpSocket): void {
  tcp.cork();
  // From a microtask, nextTick runs after all other microtasks; called directly, it would run before them.
  queueMicrotask(() => process.nextTick(uncork, tcp));
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}
