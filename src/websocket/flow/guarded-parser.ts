import type { Parser } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import type { DecodedPacket } from '../socket-io/packet.js';
import { Violation } from './violation.js';

type Decoder = InstanceType<Parser['Decoder']>;

/** Hears of what is decoded. What it throws keeps a packet from whoever hears of it next. */
interface Decoding {
  onBytes(flow: ConnectionFlow, bytes: number): void;
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void;
  onUnfinished(flow: ConnectionFlow, bytes: number): void;
  onFailure(flow: ConnectionFlow, error: unknown): void;
}

/**
 * Guards what a parser decodes; it may be Socket.IO's or another.
 *
 * @param onDecoder called with each decoder that is made: its connection is told to it when there is one
 */
export function guardParser(
  parser: Parser,
  listener: Decoding,
  onDecoder: (decoder: { flow: ConnectionFlow }) => void,
): Parser {
  class Guarded extends parser.Decoder {
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
      this.bytes = typeof data === 'string' ? data.length : ((data as Partial<Buffer> | undefined)?.byteLength ?? 0);
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
  }

  function onDecoded(this: Guarded, packet: DecodedPacket): void {
    this.isWhole = true;
    listener.onPacket(this.flow, packet, this.bytes);
  }

  return { ...parser, Decoder: Guarded };
}
