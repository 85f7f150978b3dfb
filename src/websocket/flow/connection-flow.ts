import type { Socket as TcpSocket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { ping, putOffTimeout } from '../socket-io/engine-internals.js';
import type { Connection, EnginePacket, WebSocket } from '../socket-io/engine-internals.js';
import type { AddressAccount } from '../handshake/client-addresses.js';
import type { Socket } from '../socket-io/socket.io.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import type { DecodedPacket } from '../socket-io/packet.js';
import { SendRate } from './send-rate.js';

const NO_SOCKETS: readonly TcpSocket[] = [];

/** The part of a server flow that a connection flow needs. */
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
  /** The decoder calls this method and the next three. If one throws, no later listener gets the packet. */
  onBytes(flow: ConnectionFlow, bytes: number): void;
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void;
  onUnfinished(flow: ConnectionFlow, bytes: number): void;
  onFailure(flow: ConnectionFlow, error: unknown): void;
}

/** The data that waits for one client. */
export interface Backlog {
  /** The packets that the transport was given last. */
  given: readonly EnginePacket[];
  /** How long the client has taken nothing, in milliseconds, and how many bytes it has taken in all. */
  stalledFor: number;
  taken: number;
}

/** A message, request or end that arrived while the connection is not read. */
interface Held {
  readonly bytes: number;
  readonly deliver: () => void;
}

/** A period in which a connection is not read. */
interface Pause {
  /** For a WebSocket, at most one chunk, because reading has stopped. */
  readonly held: Held[];
  heldBytes: number;
  isOverRate: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Paces what one connection sends before it is handled, and counts what is buffered. A connection that sends too fast
 * is not read until it may send again, so TCP backpressure slows the client down. What was already read is held.
 * Nothing is lost, refused or reordered.
 */
export class ConnectionFlow {
  /** Whether held messages are delivered now: they arrived before the messages that follow in the same tick. */
  isCatchingUp = false;
  /** For {@link ReadTurns}: the latest turn, and how many messages were admitted in it. */
  turn = 0;
  admittedInTurn = 0;
  /** Bytes of the packet whose attachments have not all arrived. */
  unfinished = 0;
  /** Bytes of the events that its namespaces hold until they are ready. */
  private heldEvents = 0;
  /** The data that waits for the client; undefined while little is buffered. */
  backlog: Backlog | undefined;
  /** For polling: the TCP connections on which its polls were answered. */
  answeredBy = NO_SOCKETS;
  /** Once the connection is closed, messages that it has sent are not handled anymore. */
  isClosed = false;
  private pause: Pause | undefined;
  private source: WebSocket | undefined;
  private rate: SendRate | undefined;
  private pingedAt = 0;

  constructor(
    readonly conn: Connection,
    readonly account: AddressAccount,
    /** Behind a trusted proxy, the address of the client. */
    readonly address: string,
    readonly server: Surroundings,
  ) {
    (conn as Marked)[FLOW] = this;
  }

  get isPaused(): boolean {
    return this.pause !== undefined;
  }

  /** How much the client has sent that is still buffered, in bytes. */
  get readBytes(): number {
    return this.unfinished + this.heldEvents + (this.pause?.heldBytes ?? 0);
  }

  /** Sets the WebSocket to read from. A polling connection gets one when it upgrades. */
  readFrom(source: WebSocket & { flow: ConnectionFlow | undefined }): void {
    source.flow = this;
    this.source = source;
    if (this.pause) source.pause();
  }

  /** Whether a message may be handled at once; it is then counted. If not, the caller holds it. */
  admits(bytes: number): boolean {
    if (this.pause || !this.hasTokens || !this.server.common.turns.admits(this)) return this.isClosed;
    this.charge(1, bytes);
    return true;
  }

  /** Holds a message, request or end until its turn. */
  hold(bytes: number, deliver: () => void): void {
    const pause = this.stopReading();
    pause.held.push({ bytes, deliver });
    pause.heldBytes += bytes;
    this.goOn();
  }

  /** Counts messages. One that costs more work counts as several. */
  charge(messages: number, bytes = 0): void {
    const { messageRate, byteRate } = this.server.common.options.limits;
    if (messageRate || byteRate) (this.rate ??= new SendRate(messageRate, byteRate)).charge(messages, bytes);
  }

  /**
   * A namespace calls this with the bytes of events that it holds until it is ready, or with a negative number when it
   * releases them. Nothing more is read while they exceed the size of the largest message.
   */
  countHeldEvents(bytes: number): void {
    this.heldEvents += bytes;
    if (bytes > 0) this.server.common.backlogs.onRead(this, bytes);
    if (this.holdsMuch && !this.isClosed) this.stopReading();
    this.goOn();
  }

  /** Drops the held messages. Held ends and requests count 0 bytes and are still delivered. */
  close(): void {
    this.isClosed = true;
    this.unfinished = 0;
    const held = this.pause?.held ?? [];
    this.readOn();
    for (const { bytes, deliver } of held) if (bytes === 0) deliver();
  }

  /** {@link ReadTurns} calls this to deliver at most so many held items. @returns how many were delivered */
  deliver(most: number): number {
    const { pause } = this;
    if (!pause || this.holdsMuch) return 0;
    let count = 0;
    for (; count < Math.min(most, pause.held.length) && this.hasTokens; count += 1) {
      const { bytes } = pause.held[count]!;
      // Socket.IO delivers an event one tick later, and only if the client is still connected: an end has to wait.
      if (bytes === 0 && count > 0) break;
      this.charge(1, bytes);
      pause.heldBytes -= bytes;
    }
    const items = pause.held.splice(0, count);
    this.isCatchingUp = true;
    try {
      for (const { deliver } of items) if (!this.isClosed) deliver();
    } finally {
      // Socket.IO gives a packet to its socket one tick after it was decoded.
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
   * The unread data may contain the client's pong. Without it, Engine.IO would time out the client. Engine.IO also
   * sends the next ping only an interval after it has read the pong, so the client would time out the server.
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

/** The flow of an Engine.IO connection; undefined while the connection is set up. */
export function flowOf(conn: Marked | undefined): ConnectionFlow | undefined {
  return conn?.[FLOW];
}

/** The address by which the limits count a client. Behind a trusted proxy, it is the address of the client. */
export function addressOf({ conn, handshake }: Socket): string {
  return flowOf(conn)?.address ?? handshake.address;
}
