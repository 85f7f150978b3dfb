import type { Socket as TcpSocket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { ping, putOffTimeout } from '../socket-io/engine-internals.js';
import type { Connection, EnginePacket, WebSocket } from '../socket-io/engine-internals.js';
import type { AddressAccount } from '../handshake/client-addresses.js';
import type { Socket } from '../socket-io/socket.io.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { SendRate } from './send-rate.js';

const NO_SOCKETS: readonly TcpSocket[] = [];

/** What a connection's flow needs of its server's. */
interface Surroundings {
  readonly pingInterval: number;
  readonly longestWait: number;
  readonly maxMessageSize: number;
  readonly common: {
    readonly options: ResolvedWebsocketOptions;
    readonly metrics: { overRate: number };
    readonly turns: { admits(flow: ConnectionFlow): boolean; enqueue(flow: ConnectionFlow): void };
    readonly backlogs: { onRead(flow: ConnectionFlow, bytes: number): void; watch(flow: ConnectionFlow): void };
  };
  onOverRate(flow: ConnectionFlow): void;
  onOverRateForTooLong(flow: ConnectionFlow): void;
  onEnd(flow: ConnectionFlow): void;
}

/** What waits for one client. */
export interface Backlog {
  /** What the transport was given last. */
  given: readonly EnginePacket[];
  /** For how long the client has taken nothing, in milliseconds, and how many bytes it had taken by then. */
  stalledFor: number;
  taken: number;
}

/** What has come while a connection is not read. */
interface Held {
  readonly bytes: number;
  readonly deliver: () => void;
}

/** A time in which a connection is not read. */
interface Pause {
  /** A chunk at most, since reading has stopped. */
  readonly held: Held[];
  heldBytes: number;
  isOverRate: boolean;
  timer: NodeJS.Timeout | undefined;
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
  private heldEvents = 0;
  /** Of what waits for it; none while that is little. */
  backlog: Backlog | undefined;
  /** Of polling: the TCP connections by which its polls were answered. */
  answeredBy = NO_SOCKETS;
  /** Whether it is gone: nothing that it has sent is of interest any more. */
  isClosed = false;
  private pause: Pause | undefined;
  private source: WebSocket | undefined;
  private rate: SendRate | undefined;
  private pingedAt = 0;

  constructor(
    readonly conn: Connection,
    readonly account: AddressAccount,
    /** The client's own, where proxies are trusted. */
    readonly address: string,
    readonly server: Surroundings,
  ) {
    (conn as Marked)[FLOW] = this;
  }

  get isPaused(): boolean {
    return this.pause !== undefined;
  }

  /** What is kept of what it has sent, in bytes. */
  get readBytes(): number {
    return this.unfinished + this.heldEvents + (this.pause?.heldBytes ?? 0);
  }

  /** Says what is read from now on: a polling connection has a WebSocket when it was upgraded. */
  readFrom(source: WebSocket & { flow: ConnectionFlow | undefined }): void {
    source.flow = this;
    this.source = source;
    if (this.pause) source.pause();
  }

  /** Whether a message that has come may be dealt with at once; it is counted then. If not, it is to be held. */
  admits(bytes: number): boolean {
    if (this.pause || !this.hasTokens || !this.server.common.turns.admits(this)) return this.isClosed;
    this.charge(1, bytes);
    return true;
  }

  /** Keeps something that has come until it is its turn. */
  hold(bytes: number, deliver: () => void): void {
    const pause = this.stopReading();
    pause.held.push({ bytes, deliver });
    pause.heldBytes += bytes;
    this.goOn();
  }

  /** Counts messages; one may turn out to be as much work as several. */
  charge(messages: number, bytes = 0): void {
    const { messageRate, byteRate } = this.server.common.options.limits;
    if (messageRate || byteRate) (this.rate ??= new SendRate(messageRate, byteRate)).charge(messages, bytes);
  }

  /**
   * Of a namespace: so many bytes more, or less, are held until it is ready. Beyond the size of the largest message nothing
   * more is read until then.
   */
  countHeldEvents(bytes: number): void {
    this.heldEvents += bytes;
    if (bytes > 0) this.server.common.backlogs.onRead(this, bytes);
    if (this.holdsMuch && !this.isClosed) this.stopReading();
    this.goOn();
  }

  /** The connection is gone. Ends, and requests that wait, have no bytes: they are not to be lost. */
  close(): void {
    this.isClosed = true;
    this.unfinished = 0;
    const held = this.pause?.held ?? [];
    this.readOn();
    for (const { bytes, deliver } of held) if (bytes === 0) deliver();
  }

  /** Of {@link ReadTurns}: delivers so many of what is held, at most. @returns how many it were */
  deliver(most: number): number {
    const { pause } = this;
    if (!pause || this.holdsMuch) return 0;
    let count = 0;
    for (; count < Math.min(most, pause.held.length) && this.hasTokens; count += 1) {
      const { bytes } = pause.held[count]!;
      // Socket.IO hands an event over a tick later, if the client has not gone by then.
      if (bytes === 0 && count > 0) break;
      this.charge(1, bytes);
      pause.heldBytes -= bytes;
    }
    const items = pause.held.splice(0, count);
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
    return this.rate?.hasTokens ?? true;
  }

  private get holdsMuch(): boolean {
    return this.heldEvents > this.server.maxMessageSize;
  }

  private stopReading(): Pause {
    if (this.pause) return this.pause;
    this.pause = { held: [], heldBytes: 0, isOverRate: false, timer: undefined };
    this.pingedAt ||= performance.now();
    this.source?.pause();
    this.server.common.backlogs.watch(this);
    return this.pause;
  }

  private readOn(): void {
    if (!this.pause) return;
    clearTimeout(this.pause.timer);
    if (this.pause.isOverRate) this.server.common.metrics.overRate -= 1;
    this.pause = undefined;
    this.source?.resume();
  }

  private goOn(): void {
    const { pause } = this;
    if (!pause) return;
    if (this.holdsMuch) this.wait(pause, this.server.longestWait);
    else if (pause.held.length === 0) this.readOn();
    else if (this.hasTokens) this.server.common.turns.enqueue(this);
    else this.runDry(pause, this.rate!);
  }

  private runDry(pause: Pause, rate: SendRate): void {
    const wait = rate.runDry(this.server.longestWait);
    if (!pause.isOverRate) this.server.onOverRate(this);
    pause.isOverRate = true;
    if (rate.overRateFor > (this.server.common.options.limits.maxTimeOverRate || Infinity))
      this.server.onOverRateForTooLong(this);
    else this.wait(pause, wait);
  }

  private wait(pause: Pause, milliseconds: number): void {
    pause.timer ??= setTimeout(() => {
      pause.timer = undefined;
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
    putOffTimeout(conn);
    if (now - this.pingedAt < this.server.pingInterval / 2 || conn.protocol === 3) return;
    this.pingedAt = now;
    ping(conn);
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
