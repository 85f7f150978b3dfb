import type { DecodedPacket } from '../socket-io/packet.js';

/** Whether arrays and objects are nested deeper than so many levels. It looks no deeper than that. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isNestedDeeper(item, levels - 1)) return true;
    return false;
  }
  for (const key in value) if (isNestedDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/** A client has sent something that is not allowed. It is told so and disconnected. */
export class Violation extends Error {
  override readonly name = 'Violation';

  /**
   * @param code for programs, such as `MESSAGE_TOO_DEEP`
   * @param message for readers; it is sent to the client
   * @param packet the packet that is not allowed, if it is known
   */
  constructor(
    readonly code: string,
    message: string,
    readonly packet?: DecodedPacket,
  ) {
    super(message);
  }

  /** The reason with which the connection is closed and `disconnect` is emitted on the server: `message too deep`. */
  get reason(): string {
    return this.code === 'PARSE_ERROR' ? 'forced close' : this.code.toLowerCase().replaceAll('_', ' ');
  }
}
