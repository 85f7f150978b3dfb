import { deserialize, serialize } from 'node:v8';

/** How many bytes the length of a message takes. */
const HEAD = 4;

/** The bytes of a message: its length, then what `v8.serialize` makes of it. @throws if it cannot be serialized */
export function frameOf(message: unknown): Buffer {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Makes messages of bytes that arrive in pieces. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private length = 0;
  /** How many bytes the next message needs, as far as that is known. */
  private needed = HEAD;

  /** @returns the messages that are complete with this piece */
  *take(piece: Buffer): Generator<unknown, void> {
    this.pieces.push(piece);
    this.length += piece.length;
    if (this.length < this.needed) return;
    let bytes = Buffer.concat(this.pieces);
    while (bytes.length >= (this.needed = neededFor(bytes))) {
      // Buffers in the message share this memory with it.
      yield deserialize(Buffer.from(bytes.subarray(HEAD, this.needed)));
      bytes = bytes.subarray(this.needed);
    }
    this.pieces = [bytes];
    this.length = bytes.length;
  }
}

function neededFor(bytes: Buffer): number {
  return bytes.length < HEAD ? HEAD : HEAD + bytes.readUInt32LE();
}
