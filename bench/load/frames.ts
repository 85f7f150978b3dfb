/* WebSocket frames, as far as a load of small texts needs them. Prebuilt and written in batches, they cost the
   generator a tenth of what a client library does, so that it is the server whose speed is seen. */

const FINAL = 0x80;
const MASKED = 0x80;
const LENGTH_IN_16_BITS = 126;
const MASK = Buffer.from([0x5a, 0xc3, 0x96, 0x3c]);

export const TEXT = 1;
export const CLOSE = 8;

/** A frame as a client sends it. Holds up to 65,535 bytes. */
export function frameOf(payload: string, opcode = TEXT): Buffer {
  const bytes = Buffer.from(payload).map((byte, index) => byte ^ MASK[index % MASK.length]!);
  const header =
    bytes.length < LENGTH_IN_16_BITS
      ? [FINAL | opcode, MASKED | bytes.length]
      : [FINAL | opcode, MASKED | LENGTH_IN_16_BITS, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from(header), MASK, bytes]);
}

/** Where a payload lies in the bytes that were read. Valid only until the listener returns. */
export interface Payload {
  opcode: number;
  bytes: Buffer;
  start: number;
  end: number;
}

/** Finds the frames in what a server sends. */
export class FrameReader {
  private rest: Buffer | undefined;

  constructor(private readonly listener: (payload: Payload) => void) {}

  read(chunk: Buffer): void {
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    const payload: Payload = { opcode: 0, bytes, start: 0, end: 0 };
    let at = 0;
    while (locate(payload, at)) {
      this.listener(payload);
      at = payload.end;
    }
    // A copy: the chunk's memory is read into again.
    this.rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }
}

/** Points at the payload of the frame that begins at a byte, if all of it is there. */
function locate(payload: Payload, at: number): boolean {
  const { bytes } = payload;
  if (bytes.length < at + 2) return false;
  const short = bytes[at + 1]!;
  if (short > LENGTH_IN_16_BITS) throw new RangeError('expected frames of less than 64 KB, without a mask');
  if (short === LENGTH_IN_16_BITS && bytes.length < at + 4) return false;
  payload.opcode = bytes[at]! & 0x0f;
  payload.start = at + (short === LENGTH_IN_16_BITS ? 4 : 2);
  payload.end = payload.start + (short === LENGTH_IN_16_BITS ? bytes.readUInt16BE(at + 2) : short);
  return payload.end <= bytes.length;
}
