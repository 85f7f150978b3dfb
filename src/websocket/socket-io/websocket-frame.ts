import type { EnginePacket } from './engine-internals.js';

/** First byte of a WebSocket frame: a text message in a single frame. */
const TEXT = 0x81;
/** Second byte of a WebSocket frame: the payload length follows in two bytes. A length up to 125 is in this byte. */
const TWO_BYTES = 126;

/**
 * The frame of a text, as a string with one character per byte. Node writes it as it is. `ws` would create a buffer for
 * the header, which Node has to join with the text. `undefined` if the text is not ASCII or has over 65,535 characters.
 */
export function frameOf(text: string): string | undefined {
  const { length } = text;
  if (length > 0xffff || Buffer.byteLength(text) !== length) return undefined;
  if (length < TWO_BYTES) return String.fromCharCode(TEXT, length) + text;
  return String.fromCharCode(TEXT, TWO_BYTES, length >> 8, length & 0xff) + text;
}

/** From this payload size on, the copy costs more than it saves. In bytes. */
const WORTH_JOINING = 16_384;

/** Joins the header and the payload of a broadcast's frame into one buffer, which all receivers share. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
