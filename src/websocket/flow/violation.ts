import type { DecodedPacket } from './packet.js';

/** A client has sent what it may not; it is told so, and disconnected. */
export class Violation extends Error {
  override readonly name = 'Violation';

  /**
   * @param code for programs, as in `MESSAGE_TOO_DEEP`
   * @param message for readers; it is told to the client
   * @param packet the one that it was, where that is known
   */
  constructor(
    readonly code: string,
    message: string,
    readonly packet?: DecodedPacket,
  ) {
    super(message);
  }

  /** With what the connection is closed, as `disconnect` tells it on the server: `message too deep`. */
  get reason(): string {
    return this.code === 'PARSE_ERROR' ? 'forced close' : this.code.toLowerCase().replaceAll('_', ' ');
  }
}
