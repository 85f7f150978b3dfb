import type { Server } from '../socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import type { DecodedPacket } from './packet.js';
import { Violation } from './violation.js';

type Parser = Server['_parser'];
type Decoder = InstanceType<Parser['Decoder']>;

/** What a decoder asks, and tells of. */
export interface DecoderListener {
  /** Bytes are to be decoded. @throws whatever is to keep them from it */
  onBytes(flow: ConnectionFlow, bytes: number): void;
  /** A whole packet has come, the last of it with these bytes. @throws whatever is to keep it from Socket.IO */
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void;
  /** These bytes have begun or continued a packet that is not whole. */
  onUnfinished(flow: ConnectionFlow, bytes: number): void;
  /** What the client has sent cannot be decoded, or was kept from it. */
  onFailure(flow: ConnectionFlow, error: unknown): void;
  /** The connection is closed, or about to be. */
  onEnd(flow: ConnectionFlow): void;
}

/** A decoder whose connection is told to it when there is one: Socket.IO makes it first. */
export interface GuardedDecoder {
  flow: ConnectionFlow;
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
  class Guarded extends parser.Decoder implements GuardedDecoder {
    flow!: ConnectionFlow;
    isWhole = false;
    bytes = 0;

    constructor(...args: ConstructorParameters<Parser['Decoder']>) {
      super(...args);
      // The first of the listeners; what it throws keeps the packet from the others.
      this.on('decoded', onDecoded);
      onDecoder(this);
    }

    override add(data: Parameters<Decoder['add']>[0]): void {
      this.bytes =
        typeof data === 'string' ? data.length : ((data as Partial<Buffer> | undefined)?.byteLength ?? 0);
      this.isWhole = false;
      try {
        listener.onBytes(this.flow, this.bytes);
        super.add(data);
        if (!this.isWhole) listener.onUnfinished(this.flow, this.bytes);
      } catch (error) {
        // Socket.IO or the app has failed on a whole packet: Socket.IO closes the connection.
        if (this.isWhole && !(error instanceof Violation)) throw error;
        listener.onFailure(this.flow, error);
      }
    }

    override destroy(): void {
      super.destroy();
      listener.onEnd(this.flow);
    }
  }

  function onDecoded(this: Guarded, packet: DecodedPacket): void {
    this.isWhole = true;
    listener.onPacket(this.flow, packet, this.bytes);
  }

  return { ...parser, Decoder: Guarded };
}
