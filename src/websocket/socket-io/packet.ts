/** A packet of Socket.IO's, as its decoder has made it. */
export interface DecodedPacket {
  readonly type: number;
  /** The namespace. */
  readonly nsp: string;
  readonly data?: unknown;
  /** How large it came, attachments included. */
  bytes?: number;
}

/** An event, with an id when the client asks for an ack. */
export interface EventPacket extends DecodedPacket {
  readonly data?: unknown[];
  readonly id?: number;
}

/** Of Socket.IO's protocol. */
export const PacketType = { CONNECT: 0, EVENT: 2, CONNECT_ERROR: 4, BINARY_EVENT: 5 } as const;
