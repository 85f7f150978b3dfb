/** A packet of Socket.IO's, as its decoder has made it. */
export interface DecodedPacket {
  readonly type: number;
  /** The namespace. */
  readonly nsp: string;
  readonly data?: unknown;
  /** How large it came, attachments included. */
  bytes?: number;
}

/** Of Socket.IO's protocol. */
export const PacketType = { CONNECT: 0, DISCONNECT: 1, EVENT: 2, CONNECT_ERROR: 4, BINARY_EVENT: 5 } as const;
