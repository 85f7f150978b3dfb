/** A packet of Socket.IO's, as its decoder has made it. */
export interface DecodedPacket {
  readonly type: number;
  /** The namespace. */
  readonly nsp: string;
  readonly data?: unknown;
  /** What an ack is asked for by, or is for. */
  readonly id?: number;
  /** How large it came, attachments included. */
  bytes?: number;
}

/** Of Socket.IO's protocol. */
export const PacketType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
} as const;
