import type { Parser } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import type { DecodedPacket } from '../socket-io/packet.js';
import { Violation } from './violation.js';

type Decoder = InstanceType<Parser['Decoder']>;

/** Listens to a decoder. If a method throws, no later listener gets the packet. */
interface Decoding {
  onBytes(flow: ConnectionFlow, bytes: number): void;
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void;
  onUnfinished(flow: ConnectionFlow, bytes: number): void;
  onFailure(flow: ConnectionFlow, error: unknown): void;
}

/**
 * Checks what a parser decodes. The parser may be Socket.IO's or a custom one.
 *
 * @param onDecoder called with each new decoder; the caller sets its `flow` when the connection exists
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
      // This is the first listener. If it throws, the others do not get the packet.
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
        // The packet was whole, so Socket.IO or the app has thrown. Socket.IO closes the connection.
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
