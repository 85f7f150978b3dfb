import type { Socket } from 'node:net';

/** Ends a TCP connection without a goodbye. One that has said it cannot be reset any more: Node would leave it open. */
export function reset(tcp: Socket): void {
  if (tcp.writableEnded) tcp.destroy();
  else tcp.resetAndDestroy();
}
