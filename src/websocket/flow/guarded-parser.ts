import type { Parser } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';
import type { DecodedPacket } from '../socket-io/packet.js';
import { Violation } from './violation.js';

type Decoder = InstanceType<Parser['Decoder']>;

/**
 * Checks what a parser decodes. The parser may be Socket.IO's or a custom one.
 *
 * @param onDecoder called with each new decoder; the caller sets its `flow` when the connection exists
 */
export function guardParser(parser: Parser, onDecoder: (decoder: { flow: ConnectionFlow }) => void): Parser {
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
        this.flow.server.onBytes(this.flow, this.bytes);
        super.add(data);
        if (!this.isWhole) this.flow.server.onUnfinished(this.flow, this.bytes);
      } catch (error) {
        // The packet was whole, so Socket.IO or the app has thrown. Socket.IO closes the connection.
        if (this.isWhole && !(error instanceof Violation)) throw error;
        this.flow.server.onFailure(this.flow, error);
      }
    }
  }

  return { ...parser, Decoder: Guarded };
}

function onDecoded(this: { flow: ConnectionFlow; bytes: number; isWhole: boolean }, packet: DecodedPacket): void {
  this.isWhole = true;
  this.flow.server.onPacket(this.flow, packet, this.bytes);
}
