import type { Socket as TcpSocket } from 'node:net';
import type { EnginePacket } from './engine-internals.js';

/** Gathers what is written to a TCP connection until the promises at hand have settled, and writes it in one system call. */
export function coalesceWrites(tcp: TcpSocket): void {
  tcp.cork();
  // From a microtask, nextTick runs after all other microtasks; called directly, it would run before them.
  queueMicrotask(() => process.nextTick(uncork, tcp));
}

function uncork(tcp: TcpSocket): void {
  tcp.uncork();
}

/** For a larger payload the copy costs more than it saves. In bytes. */
const WORTH_JOINING = 16_384;

/** Joins the frame of a broadcast, a buffer for its header and one for its payload, into one buffer for all receivers. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
