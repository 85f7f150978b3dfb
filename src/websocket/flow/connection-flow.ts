import type { Socket as TcpSocket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import type { TokenBucket } from 'limiter';
import type { Connection, WebSocket } from '../engine-internals.js';
import type { AddressAccount } from '../handshake/client-addresses.js';
import type { Socket } from '../socket.io.js';
import { fullBucket, hasTokens, timeUntilTokens } from '../token-bucket.js';
import type { Backlog } from './backlogs.js';
import type { ServerFlow } from './server-flow.js';

/** Waits are no shorter, so that a timer serves many messages. In milliseconds. */
const SHORTEST_WAIT = 5;
/** A connection that has kept within its rates for so long starts anew. In milliseconds. */
const FORGIVEN_AFTER = 1_000;

const NO_SOCKETS: readonly TcpSocket[] = [];

/** What has come while the connection is not read: a chunk at most, since reading has stopped. */
interface Held {
  readonly bytes: number;
  readonly deliver: () => void;
}

/**
 * Paces what one connection sends, before anything looks at it, and knows what is kept of it. A connection that sends too
 * fast is not read until it may send again, so that its own TCP connection fills up and slows it down; what was read by
 * then is held. Nothing is lost, refused or reordered.
 */
export class ConnectionFlow {
  /** Whether what it delivers came earlier, and was held: what follows in this go did not come in one go with it. */
  isCatchingUp = false;
  /** Of {@link ReadTurns}: how many messages were admitted in which turn. */
  turn = 0;
  admittedInTurn = 0;
  /** Bytes of the packet whose attachments have not all come. */
  unfinished = 0;
  /** Bytes of the events that its namespaces hold until they are ready. */
  heldEvents = 0;
  /** Of what waits for it; none while that is little. */
  backlog: Backlog | undefined;
  /** Of polling: the TCP connections by which its polls were answered. */
  answeredBy = NO_SOCKETS;
  /** Whether it is gone: nothing that it has sent is of interest any more. */
  isClosed = false;
  private isOverRate = false;
  /** While it is not read. */
  private held: Held[] | undefined;
  private heldBytes = 0;
  private blocks = 0;
  private source: WebSocket | undefined;
  private messages: TokenBucket | undefined;
  private bytes: TokenBucket | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** When it has tokens again, after the last time it had none. */
  private dryUntil = 0;
  private overRateSince = 0;
  private pingedAt = 0;

  constructor(
    readonly conn: Connection,
    readonly account: AddressAccount,
    /** The client's own, where proxies are trusted. */
    readonly address: string,
    readonly server: ServerFlow,
  ) {
    (conn as Marked)[FLOW] = this;
  }

  get isPaused(): boolean {
    return this.held !== undefined;
  }

  /** What is kept of what it has sent, in bytes. */
  get readBytes(): number {
    return this.unfinished + this.heldEvents + this.heldBytes;
  }

  /** Says what is read from now on: a polling connection has a WebSocket when it was upgraded. */
  readFrom(source: WebSocket & { flow: ConnectionFlow | undefined }): void {
    source.flow = this;
    this.source = source;
    if (this.held) source.pause();
  }

  /** Whether a message that has come may be dealt with at once; it is counted then. If not, it is to be held. */
  admits(bytes: number): boolean {
    if (this.held || !this.hasTokens || !this.server.common.turns.admits(this)) return this.isClosed;
    this.charge(1, bytes);
    return true;
  }

  /** Keeps something that has come until it is its turn. */
  hold(bytes: number, deliver: () => void): void {
    this.pause().push({ bytes, deliver });
    this.heldBytes += bytes;
    this.goOn();
  }

  /** Counts messages; one may turn out to be as much work as several. */
  charge(messages: number, bytes = 0): void {
    const { messageRate, byteRate } = this.server.common.options.limits;
    if (messageRate) (this.messages ??= fullBucket(messageRate)).content -= messages;
    if (byteRate && bytes > 0) (this.bytes ??= fullBucket(byteRate)).content -= bytes;
  }

  /** Has nothing more read until {@link unblock} was called as often. */
  block(): void {
    if (this.isClosed) return;
    this.blocks += 1;
    this.pause();
    this.goOn();
  }

  unblock(): void {
    this.blocks = Math.max(0, this.blocks - 1);
    this.goOn();
  }

  /** Of a namespace: so many bytes more, or less, are held until it is ready. */
  countHeldEvents(bytes: number): void {
    this.heldEvents += bytes;
    if (bytes > 0) this.server.common.backlogs.onRead(this, bytes);
  }

  /** The connection is gone. Ends, and requests that wait, have no bytes: they are not to be lost. */
  close(): void {
    this.isClosed = true;
    this.unfinished = 0;
    const held = this.held ?? [];
    this.resume();
    for (const { bytes, deliver } of held) if (bytes === 0) deliver();
  }

  /** Of {@link ReadTurns}: delivers so many of what is held, at most. @returns how many it were */
  deliver(most: number): number {
    if (!this.held || this.blocks > 0) return 0;
    let count = 0;
    for (; count < Math.min(most, this.held.length) && this.hasTokens; count += 1) {
      const { bytes } = this.held[count]!;
      // Socket.IO hands an event over a tick later, if the client has not gone by then.
      if (bytes === 0 && count > 0) break;
      this.charge(1, bytes);
      this.heldBytes -= bytes;
    }
    const items = this.held.splice(0, count);
    this.isCatchingUp = true;
    try {
      for (const { deliver } of items) if (!this.isClosed) deliver();
    } finally {
      // Socket.IO has a socket hear of its packets a tick after they were decoded.
      process.nextTick(() => (this.isCatchingUp = false));
      this.goOn();
    }
    this.keepAlive();
    return items.length;
  }

  private get hasTokens(): boolean {
    return hasTokens(this.messages) && hasTokens(this.bytes);
  }

  private pause(): Held[] {
    if (this.held) return this.held;
    this.held = [];
    this.pingedAt ||= performance.now();
    this.source?.pause();
    this.server.common.backlogs.watch(this);
    return this.held;
  }

  private resume(): void {
    if (!this.held) return;
    this.held = undefined;
    this.heldBytes = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isOverRate) this.server.common.metrics.overRate -= 1;
    this.isOverRate = false;
    this.source?.resume();
  }

  private goOn(): void {
    if (!this.held) return;
    if (this.blocks > 0) this.wait(this.server.longestWait);
    else if (this.held.length === 0) this.resume();
    else if (this.hasTokens) this.server.common.turns.enqueue(this);
    else this.runDry();
  }

  private runDry(): void {
    const now = performance.now();
    if (now > this.dryUntil + FORGIVEN_AFTER) this.overRateSince = now;
    const wait = Math.max(SHORTEST_WAIT, timeUntilTokens(this.messages), timeUntilTokens(this.bytes));
    this.dryUntil = now + Math.min(wait, this.server.longestWait);
    if (!this.isOverRate) this.server.onOverRate(this);
    this.isOverRate = true;
    if (now - this.overRateSince > (this.server.common.options.limits.maxTimeOverRate || Infinity))
      this.server.onOverRateForTooLong(this);
    else this.wait(this.dryUntil - now);
  }

  private wait(milliseconds: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.keepAlive();
      this.goOn();
    }, milliseconds).unref();
  }

  /**
   * An answer to a ping may be among what is not read. Engine.IO takes its absence for the client's, and sends no further
   * ping, whose absence the client takes for the server's. It sends the next one an interval after the answer was read.
   */
  private keepAlive(): void {
    const { conn } = this;
    const now = performance.now();
    conn['pingTimeoutTimer']?.refresh();
    if (now - this.pingedAt < this.server.pingInterval / 2 || conn.protocol === 3) return;
    this.pingedAt = now;
    conn['sendPacket']('ping');
  }
}

const FLOW = Symbol('flow');

type Marked = Connection & { [FLOW]?: ConnectionFlow };

/** The flow of a connection of Engine.IO's; none yet while it is being set up. */
export function flowOf(conn: Connection): ConnectionFlow | undefined {
  return (conn as Marked)[FLOW];
}

/** The address of a client: its own where proxies are trusted, and not that of a proxy. The limits count by it. */
export function addressOf({ conn, handshake }: Socket): string {
  return flowOf(conn)?.address ?? handshake.address;
}
