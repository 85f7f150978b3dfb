import { connect, type Socket } from 'node:net';
import type { Wire } from '../contestants/contestants.js';
import { CLOSE, FrameReader, frameOf, type Payload } from './frames.js';
import { PollingSession } from './polling-session.js';
import { dialects, type Dialect } from './wires.js';

/** What becomes of what a connection receives. */
export interface Listener {
  /** For each text that comes, but for the greeting and the pings. */
  text: (payload: Payload) => void;
  /** After the texts that came together. */
  pause?: () => void;
  /** When the connection ends without having been told to, or gets something that nobody expects. */
  lost: (error: Error) => void;
}

export interface Target {
  port: number;
  wire: Wire;
  /** The address to come from; the system chooses when it is undefined. */
  localAddress?: string;
}

/** A session of polling that goes on by a WebSocket. */
interface Upgrade {
  sid: string;
  /** The request that still waits: Engine.IO answers it when the WebSocket is there. */
  lastPoll: Promise<unknown>;
}

// Every socket reads into the same memory, one after the other: what came is looked at before the next one reads.
const memory = Buffer.alloc(256 * 1024);

const close = frameOf('', CLOSE);

/** Nothing is expected, so that whatever comes ends the generator, and tells why. */
const idle: Listener = {
  text: refuse,
  lost: (error) => {
    throw error;
  },
};

/** A line of Socket.IO's protocol, or of none, over a WebSocket. */
export class Connection {
  /** Set while somebody loads the connection. */
  listener: Listener;

  private readonly dialect: Dialect;
  private readonly socket: Socket;
  private readonly frames = new FrameReader((payload) => this.take(payload));
  private readonly pong: Buffer;
  private read = (bytes: Buffer): void => this.readUpgrade(bytes);
  private text = (payload: Payload): void => this.greet(payload);
  private left: (() => void) | undefined;

  /** Opens a connection, as far as the server's welcome. */
  static open(target: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const opened = (): void => {
        connection.rest();
        resolve(connection);
      };
      const connection = new Connection(target, opened, reject);
    });
  }

  /** Opens one as clients do by default: by polling, which is then upgraded. */
  static async openByPolling(target: Target): Promise<Connection> {
    const session = await PollingSession.open(target, dialects[target.wire]);
    const upgrade = { sid: session.sid, lastPoll: session.poll() };
    const connection = await new Promise<Connection>((resolve, reject) => {
      const upgraded = new Connection(target, () => resolve(upgraded), reject, upgrade);
    });
    session.close();
    connection.rest();
    return connection;
  }

  private constructor(
    { port, wire, localAddress }: Target,
    private readonly opened: () => void,
    private readonly failed: (error: Error) => void,
    private readonly upgrade?: Upgrade,
  ) {
    this.dialect = dialects[wire];
    this.pong = frameOf(this.dialect.ping?.answer ?? '');
    this.listener = { text: refuse, lost: failed };
    this.socket = connect({
      host: '127.0.0.1',
      port,
      localAddress,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: memory, callback: (length) => this.receive(memory.subarray(0, length)) },
    });
    const path = upgrade ? `${this.dialect.path}&sid=${upgrade.sid}` : this.dialect.path;
    this.socket.once('connect', () => this.socket.write(upgradeTo(path)));
    this.socket.once('error', (error) => this.listener.lost(error));
    // The system would remember for minutes a connection that ends as it should; of very many it lets none through any more.
    this.socket.once('end', () => this.socket.resetAndDestroy());
    this.socket.once('close', () => this.end());
  }

  /** Writes frames as they are. */
  send(frames: Buffer): void {
    this.socket.write(frames);
  }

  /** From now on nothing is expected. */
  rest(): void {
    this.listener = idle;
  }

  /** Says goodbye, and waits until the server has closed. */
  leave(): Promise<void> {
    const { goodbye } = this.dialect;
    this.listener = { text: () => {}, lost: () => {} };
    return new Promise((left) => {
      this.left = left;
      this.send(goodbye ? Buffer.concat([frameOf(goodbye), close]) : close);
    });
  }

  private receive(bytes: Buffer): boolean {
    try {
      this.read(bytes);
    } catch (error) {
      this.listener.lost(error as Error);
    }
    return true;
  }

  private readUpgrade(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0 || !bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) {
      throw new Error(`Expected an upgrade to WebSocket, got ${bytes.toString('latin1')}`);
    }
    this.read = (more) => {
      this.frames.read(more);
      this.listener.pause?.();
    };
    if (this.upgrade) this.probe(this.upgrade);
    else if (!this.dialect.greeting) this.welcome();
    if (bytes.length > end + 4) this.read(bytes.subarray(end + 4));
  }

  private take(payload: Payload): void {
    const { ping } = this.dialect;
    if (payload.opcode === CLOSE) return;
    if (ping && isText(payload, ping.question)) this.send(this.pong);
    else this.text(payload);
  }

  private greet(payload: Payload): void {
    const { opening, answer, welcome } = this.dialect.greeting!;
    if (!startsWith(payload, opening)) refuse(payload);
    this.text = (reply) => (startsWith(reply, welcome) ? this.welcome() : refuse(reply));
    this.send(frameOf(answer));
  }

  private probe({ lastPoll }: Upgrade): void {
    this.text = (reply) => {
      if (!isText(reply, '3probe')) refuse(reply);
      void lastPoll.then(() => this.send(frameOf('5'))).then(() => this.welcome(), this.failed);
    };
    this.send(frameOf('2probe'));
  }

  private welcome(): void {
    this.text = (payload) => this.listener.text(payload);
    this.opened();
  }

  private end(): void {
    if (this.left) this.left();
    else this.listener.lost(new Error('The server has closed a connection.'));
  }
}

function upgradeTo(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');
}

/** For a text that nobody expects. */
export function refuse({ bytes, start, end }: Payload): never {
  throw new Error(
    `The server has sent something unexpected: ${bytes.toString('utf8', start, end)}. ` +
      'If that is a limit, spread the load over more --connections or --addresses.',
  );
}

function startsWith({ bytes, start, end }: Payload, beginning: string): boolean {
  return end - start >= beginning.length && bytes.toString('latin1', start, start + beginning.length) === beginning;
}

function isText({ bytes, start, end }: Payload, text: string): boolean {
  return end - start === text.length && bytes.toString('latin1', start, end) === text;
}
