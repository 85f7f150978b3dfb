import { EventEmitter, on, once } from 'node:events';
import { WebSocket } from 'ws';

const PING = '2';
const PONG = '3';

/** A WebSocket that speaks Engine.IO by hand. Pings are answered, and are no packets of `next`, unless told otherwise. */
export class RawSocket implements AsyncDisposable {
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<unknown>;
  private readonly packets: AsyncIterator<(string | Buffer)[]>;

  private constructor(
    private readonly socket: WebSocket,
    answersPings: boolean,
  ) {
    this.closed = once(socket, 'close');
    const packets = new EventEmitter();
    this.packets = on(packets, 'packet', { close: ['close'] });
    socket.on('close', () => packets.emit('close'));
    socket.on('message', (data: Buffer, isBinary) => {
      const packet = isBinary ? data : data.toString();
      if (answersPings && packet === PING) socket.send(PONG);
      else packets.emit('packet', packet);
    });
  }

  /** Connects, and leaves everything that the server sends to be read. */
  static async connect(url: string, { answersPings = true } = {}): Promise<RawSocket> {
    const socket = new WebSocket(url);
    const raw = new RawSocket(socket, answersPings);
    await once(socket, 'open');
    return raw;
  }

  /** Connects and opens a session. */
  static async open(url: string, options?: { answersPings: boolean }): Promise<RawSocket & { sid: string }> {
    const socket = await RawSocket.connect(url, options);
    const { sid } = JSON.parse((await socket.next()).slice(1) as string) as { sid: string };
    return Object.assign(socket, { sid });
  }

  /** Tries to connect. @returns what came before the connection ended, or was refused */
  static async attempt(url: string): Promise<string[]> {
    const socket = new WebSocket(url);
    const packets: string[] = [];
    socket.on('message', (data: Buffer) => packets.push(data.toString()));
    // Engine.IO refuses some before the connection is a WebSocket, and others by breaking it off.
    socket.on('error', () => {});
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
    return packets;
  }

  send(...packets: (string | Uint8Array)[]): void {
    for (const packet of packets) this.socket.send(packet);
  }

  /** The next packet. @throws Error when the connection ends instead */
  async next(): Promise<string | Buffer> {
    const { value, done } = await this.packets.next();
    if (done) throw new Error('Expected another packet; the connection has ended.');
    return value[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
