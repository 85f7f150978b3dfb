import type { Server } from '../socket.io.js';
import type { ConnectionState } from './connection-state.js';
import type { DecodedPacket } from './packet.js';
import { Violation } from './violation.js';

type Parser = Server['_parser'];
type Decoder = InstanceType<Parser['Decoder']>;

/** What a connection's decoder asks, and tells of. */
export interface DecoderListener {
  /** Bytes are to be decoded. @throws whatever is to keep them from it */
  onBytes(state: ConnectionState, bytes: number): void;
  /** A whole packet has come, the last of it with these bytes. @throws whatever is to keep it from Socket.IO */
  onPacket(state: ConnectionState, packet: DecodedPacket, bytes: number): void;
  /** These bytes have begun or continued a packet that is not whole. */
  onUnfinished(state: ConnectionState, bytes: number): void;
  /** What the client has sent cannot be decoded, or was kept from it. */
  onFailure(state: ConnectionState, error: unknown): void;
  /** The connection is closed, or about to be. */
  onEnd(state: ConnectionState): void;
}

/** A decoder whose connection is told to it when there is one: Socket.IO makes it first. */
export interface GuardedDecoder {
  state: ConnectionState;
}

/**
 * Guards what a parser decodes; it may be Socket.IO's or another.
 *
 * @param onDecoder called with each decoder that is made
 */
export function guardParser(
  parser: Parser,
  listener: DecoderListener,
  onDecoder: (decoder: GuardedDecoder) => void,
): Parser {
  function onDecoded(this: Guarded, packet: DecodedPacket): void {
    this.isWhole = true;
    listener.onPacket(this.state, packet, this.bytes);
  }

  class Guarded extends parser.Decoder implements GuardedDecoder {
    state!: ConnectionState;
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
        listener.onBytes(this.state, bytes);
        super.add(data);
      } catch (error) {
        // Socket.IO or the app has failed on a whole packet: Socket.IO closes the connection.
        if (this.isWhole && !(error instanceof Violation)) throw error;
        listener.onFailure(this.state, error);
        return;
      }
      if (!this.isWhole) listener.onUnfinished(this.state, bytes);
    }

    override destroy(): void {
      super.destroy();
      listener.onEnd(this.state);
    }
  }

  return { ...parser, Decoder: Guarded };
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  return (data as { byteLength?: number } | undefined)?.byteLength ?? 0;
}
