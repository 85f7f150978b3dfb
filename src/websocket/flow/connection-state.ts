import type { Socket as TcpSocket } from 'node:net';
import { internalsOf } from '../engine-internals.js';
import type { Connection } from '../engine-internals.js';
import type { AddressAccount } from '../handshake/client-addresses.js';
import type { Backlog } from './backlog.js';
import type { Excess } from './backlogs.js';
import type { Socket } from '../socket.io.js';
import { ReadGate } from './read-gate.js';
import type { GateListener } from './read-gate.js';
import type { ServerFlow } from './server-flow.js';

/** What is known of one connection. There are many of them: it is kept small. */
export class ConnectionState implements GateListener {
  /** Paces what it sends. */
  readonly gate: ReadGate;
  /** Bytes of the packet whose attachments have not all come. */
  unfinished = 0;
  /** Bytes of the events that its namespaces hold until they are ready. */
  heldEvents = 0;
  /** What waits for it; none while that is little. */
  backlog: Backlog | undefined;
  /** Of polling: the TCP connections by which its polls were answered. */
  answeredBy: TcpSocket[] | undefined;
  /** Whether Socket.IO is through with it; it may say so twice. */
  hasEnded = false;
  /** When the last ping was sent while it was not read. */
  private pingedAt = 0;

  constructor(
    readonly conn: Connection,
    readonly account: AddressAccount,
    /** The client's own, where proxies are trusted. */
    readonly address: string,
    private readonly flow: ServerFlow,
  ) {
    this.gate = new ReadGate(flow.turns, flow.limits, this);
  }

  get longestWait(): number {
    return this.flow.longestWait;
  }

  /** What is kept of what it has sent, in bytes. */
  get readBytes(): number {
    return this.unfinished + this.heldEvents + this.gate.heldBytes;
  }

  onPause(): void {
    this.pingedAt = performance.now();
    this.flow.backlogs.watch(this);
  }

  /**
   * An answer to a ping may be among what is not read. Engine.IO takes its absence for the client's, and sends no further
   * ping, whose absence the client takes for the server's.
   */
  onPaused(): void {
    const internals = internalsOf(this.conn);
    internals.pingTimeoutTimer?.refresh();
    const now = performance.now();
    if (now - this.pingedAt < this.flow.pingInterval || this.conn.protocol === 3) return;
    this.pingedAt = now;
    internals.sendPacket('ping');
  }

  onOverRate(): void {
    this.flow.onOverRate(this);
  }

  onResume(wasOverRate: boolean): void {
    if (wasOverRate) this.flow.onWithinRate();
  }

  onOverRateForTooLong(): void {
    this.flow.onOverRateForTooLong(this);
  }

  /** Of a namespace: so many bytes more, or less, are held until it is ready. */
  onHeldEvents(bytes: number): void {
    this.heldEvents += bytes;
    if (bytes > 0) this.flow.backlogs.onRead(this, bytes);
  }

  /** It does not read. */
  cutOff(excess: Excess): void {
    this.flow.cutOff(this, excess);
  }
}

const STATE = Symbol('connection state');

type Marked = Connection & { [STATE]?: ConnectionState };

export function setStateOf(conn: Connection, state: ConnectionState): void {
  (conn as Marked)[STATE] = state;
}

/** The address of a client: its own, where proxies are trusted. */
export function addressOf({ conn, handshake }: Socket): string {
  return stateOf(conn)?.address ?? handshake.address;
}

/** What is known of a connection of Engine.IO's; nothing yet while it is being set up. */
export function stateOf(conn: Connection): ConnectionState | undefined {
  return (conn as Marked)[STATE];
}
