import type { Server } from '../socket.io.js';
import type { BoundedConnection } from './bounded-connection.js';
import type { DecodedPacket } from './packet.js';
import { Violation } from './violation.js';

type Parser = Server['_parser'];
type Decoder = InstanceType<Parser['Decoder']>;

/** What a connection's decoder asks, and tells of. */
export interface DecoderListener {
  /** Bytes are to be decoded. @throws whatever is to keep them from it */
  onBytes(connection: BoundedConnection, bytes: number): void;
  /** A whole packet has come, the last of it with these bytes. @throws whatever is to keep it from Socket.IO */
  onPacket(connection: BoundedConnection, packet: DecodedPacket, bytes: number): void;
  /** These bytes have begun or continued a packet that is not whole. */
  onUnfinished(connection: BoundedConnection, bytes: number): void;
  /** What the client has sent cannot be decoded, or was kept from it. */
  onFailure(connection: BoundedConnection, error: unknown): void;
  /** Socket.IO or the app has failed on a whole packet, for which Socket.IO closes the connection. */
  onAppFailure(connection: BoundedConnection): void;
  /** The connection is closed, or about to be. */
  onEnd(connection: BoundedConnection): void;
}

/** A decoder whose connection is told to it when there is one: Socket.IO makes it first. */
export interface BoundedDecoder {
  connection: BoundedConnection;
}

/**
 * Puts bounds around what a parser decodes; it may be Socket.IO's or another.
 *
 * @param onDecoder called with each decoder that is made
 */
export function boundParser(
  parser: Parser,
  listener: DecoderListener,
  onDecoder: (decoder: BoundedDecoder) => void,
): Parser {
  function onDecoded(this: Bounded, packet: DecodedPacket): void {
    this.isWhole = true;
    listener.onPacket(this.connection, packet, this.bytes);
  }

  class Bounded extends parser.Decoder implements BoundedDecoder {
    connection!: BoundedConnection;
    isWhole = false;
    bytes = 0;

    constructor(...args: ConstructorParameters<Parser['Decoder']>) {
      super(...args);
      // The first of the listeners; what it throws keeps the packet from the others.
      this.on('decoded', onDecoded);
      onDecoder(this);
    }

    override add(data: Parameters<Decoder['add']>[0]): void {
      const bytes = sizeOf(data);
      this.bytes = bytes;
      this.isWhole = false;
      try {
        listener.onBytes(this.connection, bytes);
        super.add(data);
      } catch (error) {
        if (this.isWhole && !(error instanceof Violation)) {
          listener.onAppFailure(this.connection);
          throw error;
        }
        listener.onFailure(this.connection, error);
        return;
      }
      if (!this.isWhole) listener.onUnfinished(this.connection, bytes);
    }

    override destroy(): void {
      super.destroy();
      listener.onEnd(this.connection);
    }
  }

  return { ...parser, Decoder: Bounded };
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  return (data as { byteLength?: number } | undefined)?.byteLength ?? 0;
}
