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

/** Of a WebSocket frame: it is a whole text. */
const TEXT = 0x81;
/** Of a WebSocket frame: two bytes for the length of its payload follow. It stands where a length of at most 125 would. */
const TWO_BYTES = 126;

/**
 * The frame of a text, as a string of which each character is a byte: Node writes it as it is, where `ws` makes a buffer for
 * the header, and has Node put the two together. There is none of a text beyond ASCII, or beyond 65,535 characters.
 */
export function frameOf(text: string): string | undefined {
  const { length } = text;
  if (length > 0xffff || Buffer.byteLength(text) !== length) return undefined;
  if (length < TWO_BYTES) return String.fromCharCode(TEXT, length) + text;
  return String.fromCharCode(TEXT, TWO_BYTES, length >> 8, length & 0xff) + text;
}

/** For a larger payload the copy costs more than it saves. In bytes. */
const WORTH_JOINING = 16_384;

/** Joins the frame of a broadcast, a buffer for its header and one for its payload, into one buffer for all receivers. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
