import * as fc from 'fast-check';

/** A frame of the WebSocket protocol, as its header says it, and as it is. */
export interface Frame {
  readonly isLast: boolean;
  /** The three reserved bits. */
  readonly reserved: number;
  readonly opcode: number;
  readonly isMasked: boolean;
  /** How many bytes there are. */
  readonly length: number;
  /** How many bytes more the header says that there are. */
  readonly lie: number;
  /** How many bytes the header takes to say it. */
  readonly lengthBytes: 1 | 2 | 8;
}

const regular = {
  isLast: fc.boolean(),
  reserved: fc.constant(0),
  opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
  isMasked: fc.constant(true),
  length: fc.nat({ max: 40 }),
  lie: fc.constant(0),
  lengthBytes: fc.constant(1 as const),
};

export const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record(regular),
  fc.record({ ...regular, opcode: fc.nat({ max: 15 }), reserved: fc.nat({ max: 7 }) }),
  fc.record({ ...regular, isMasked: fc.constant(false) }),
  // Control frames may have 125 bytes.
  fc.record({
    ...regular,
    opcode: fc.constantFrom(8, 9, 10),
    length: fc.nat({ max: 300 }),
    lengthBytes: fc.constant(2),
  }),
  fc.record({ ...regular, length: fc.nat({ max: 300 }), lengthBytes: fc.constantFrom(2, 8) }),
  fc.record({
    ...regular,
    lie: fc.constantFrom(-1, 1, 1_000, 60_000, 2 ** 31, 2 ** 53, Number.MAX_SAFE_INTEGER),
    lengthBytes: fc.constantFrom(2, 8),
  }),
);

export function encodeFrame(frame: Frame, payload = Buffer.alloc(frame.length, 'f')): Buffer {
  const { isLast, reserved, opcode, isMasked, lie, lengthBytes } = frame;
  const told = Math.max(0, payload.length + lie);
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = isMasked ? 0x80 : 0;
  const header =
    lengthBytes === 1
      ? Buffer.from([first, mask | Math.min(told, 125)])
      : Buffer.from([first, mask | (lengthBytes === 2 ? 126 : 127), ...Array<number>(lengthBytes).fill(0)]);
  if (lengthBytes === 2) header.writeUInt16BE(told % 2 ** 16, 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(told), 2);
  // A mask of zeros is one, and leaves the payload readable.
  return Buffer.concat([header, Buffer.alloc(isMasked ? 4 : 0), payload]);
}

/** A frame as a client sends it. */
export function messageFrame(data: string | Buffer): Buffer {
  const payload = Buffer.from(data as string);
  const opcode = typeof data === 'string' ? 1 : 2;
  const lengthBytes = payload.length < 126 ? 1 : payload.length < 65_536 ? 2 : 8;
  return encodeFrame(
    { isLast: true, reserved: 0, opcode, isMasked: true, length: payload.length, lie: 0, lengthBytes },
    payload,
  );
}
