/** A decoded packet of Socket.IO. */
export interface DecodedPacket {
  readonly type: number;
  /** The namespace. */
  readonly nsp: string;
  readonly data?: unknown;
  /** The size of the packet as received, including attachments. */
  bytes?: number;
}

/** An event. It has an id if the client asks for an ack. */
export interface EventPacket extends DecodedPacket {
  readonly data?: unknown[];
  readonly id?: number;
}

/** The types of packets in Socket.IO's protocol. */
export const PacketType = { CONNECT: 0, EVENT: 2, CONNECT_ERROR: 4, BINARY_EVENT: 5 } as const;
