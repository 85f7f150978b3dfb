import { connect, type Socket } from 'node:net';
import { encodeFrame, messageFrame } from '../inputs/frames.js';
import { reset } from './reset.js';
import type { Ending, Link, OnPacket, Packet } from './link.js';

/** Enough of a WebSocket for what a server of ours sends, and nothing that keeps a client from sending what it likes. */
export class WebSocketLink implements Link {
  readonly closed: Promise<void>;
  private received: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly tcp: Socket,
    private readonly onPacket: OnPacket,
  ) {
    this.closed = new Promise((resolve) => tcp.once('close', () => resolve()));
    tcp.on('data', (chunk) => this.take(chunk));
  }

  static async open(url: URL, onPacket: OnPacket): Promise<WebSocketLink> {
    const tcp = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    tcp.on('error', () => {});
    tcp.write(upgradeRequest);
    const chunk = await new Promise<Buffer>((resolve) => {
      tcp.once('data', resolve);
      tcp.once('close', () => resolve(Buffer.alloc(0)));
    });
    const head = chunk.toString('latin1');
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`A WebSocket was refused: ${head || 'closed'}`);
    const link = new WebSocketLink(tcp, onPacket);
    link.take(chunk.subarray(head.indexOf('\r\n\r\n') + 4));
    return link;
  }

  get isOpen(): boolean {
    return this.tcp.writable;
  }

  send(...packets: readonly Packet[]): void {
    this.write(Buffer.concat(packets.map(messageFrame)));
  }

  breakBy(step: Parameters<Link['breakBy']>[0]): void {
    this.write(step.do === 'break by a frame' ? encodeFrame(step.frame) : Buffer.from(step.bytes));
  }

  end(how: Ending): void {
    if (how === 'reset') reset(this.tcp);
    else if (how === 'goodbye' && this.isOpen) this.tcp.end(goodbye);
    else this.tcp.end();
  }

  private write(bytes: Buffer): void {
    if (this.isOpen) this.tcp.write(bytes);
  }

  /** A server sends its frames unmasked, and Engine.IO does not split its messages. */
  private take(chunk: Buffer): void {
    this.received = this.received.length > 0 ? Buffer.concat([this.received, chunk]) : chunk;
    for (;;) {
      if (this.received.length < 2) return;
      const short = this.received[1]! & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.received.length < start) return;
      const length =
        short === 126
          ? this.received.readUInt16BE(2)
          : short === 127
            ? Number(this.received.readBigUInt64BE(2))
            : short;
      if (this.received.length < start + length) return;
      const opcode = this.received[0]! & 0x0f;
      const payload = this.received.subarray(start, start + length);
      this.received = this.received.subarray(start + length);
      if (opcode === 1) this.onPacket(payload.toString());
      else if (opcode === 2) this.onPacket(payload);
      else if (opcode === 8) this.tcp.end();
    }
  }
}

export const upgradeRequest = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

const goodbye = encodeFrame({
  isLast: true,
  reserved: 0,
  opcode: 8,
  isMasked: true,
  length: 0,
  lie: 0,
  lengthBytes: 1,
});
