import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { isReady, queueOf, type Connection, type EnginePacket } from '../socket-io/engine-internals.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { flowOf, type Backlog, type ConnectionFlow } from './connection-flow.js';
import { inTransport, notTakenOf, takenBy } from './transport.js';

/** A packet that is smaller and can leave at once is no backlog. */
const LARGE = 16_384;
/** What a packet takes of memory beside its data, in bytes. */
const PACKET_OVERHEAD = 200;
/** Of a text, the encoder's and Engine.IO's strings are kept, and the bytes that Node writes of them. */
const COPIES_OF_TEXT = 3;
/** The system tells of space only when a third of its buffer is free: what a slow client has taken is seen late. */
const SEEN_LATE = 1.5;
/** Once all backlogs together are beyond what they may be, they are brought down to this share of it. */
const SHARE_TO_KEEP = 0.8;

/** Why a client is disconnected. */
export type Excess = 'stalled' | 'over budget';

/**
 * Bounds what is kept for clients that do not read: what waits for them, and what they have begun to send. A client that
 * takes nothing for some time while much waits for it is disconnected. Beyond a budget for all, so are those that have
 * taken nothing for longest and then those for which most waits.
 */
export class Backlogs {
  private readonly watched = new Set<ConnectionFlow>();
  private readonly interval: number;
  private timer: NodeJS.Timeout | undefined;
  /** At most so many bytes are kept: what has come to be kept since all was measured, and what was measured. */
  private estimate = 0;

  constructor(
    private readonly options: ResolvedWebsocketOptions,
    private readonly disconnect: (flow: ConnectionFlow, excess: Excess) => void,
  ) {
    this.interval = Math.max(10, Math.min(1_000, options.stallTimeout / 10));
  }

  /** How many bytes of memory are kept for clients at the moment; what several of them get is counted once. */
  get bytes(): number {
    const seen = new Set<unknown>();
    let bytes = 0;
    for (const flow of this.watched) {
      bytes += flow.readBytes;
      for (const packet of packetsFor(flow)) {
        bytes += seen.has(packet.data) ? PACKET_OVERHEAD : memoryOf(packet);
        seen.add(packet.data);
      }
    }
    return bytes;
  }

  /** A packet is about to be queued for a client. */
  onPacket(conn: Connection, packet: EnginePacket): void {
    if (sizeOf(packet) < LARGE && isReady(conn)) return;
    this.watch(flowOf(conn)!);
    const bytes = memoryOf(packet);
    this.grow(bytes, bytes);
  }

  /** The packets that wait for a client are given to its transport. */
  onFlush({ backlog }: ConnectionFlow, packets: readonly EnginePacket[]): void {
    if (backlog) backlog.given = packets;
  }

  /** So many bytes more are kept of what a client has sent. */
  onRead(flow: ConnectionFlow, bytes: number): void {
    this.watch(flow);
    this.grow(bytes);
  }

  watch(flow: ConnectionFlow): void {
    if (flow.backlog) return;
    flow.backlog = { given: [], stalledFor: 0, taken: takenBy(flow) };
    this.watched.add(flow);
    this.timer ??= setTimeout(this.onTimer, this.interval).unref();
  }

  forget(flow: ConnectionFlow): void {
    this.watched.delete(flow);
    flow.backlog = undefined;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  /** @param coming of these, how many are not yet among what is kept */
  private grow(bytes: number, coming = 0): void {
    this.estimate += bytes;
    if (this.estimate > this.options.maxTotalBufferedBytes) this.keepWithinBudget(coming);
  }

  /** After the process was busy, what clients have taken meanwhile is seen first. */
  private readonly onTimer = (): void => {
    setImmediate(() => {
      this.timer = undefined;
      for (const flow of this.watched) this.look(flow, flow.backlog!);
      if (this.watched.size > 0) this.timer ??= setTimeout(this.onTimer, this.interval).unref();
    });
  };

  /** Time is counted by looks: while the process does not run, nobody can take anything. */
  private look(flow: ConnectionFlow, backlog: Backlog): void {
    const sending = inTransport(flow);
    if (sending === 0 && queueOf(flow.conn).length === 0 && flow.readBytes === 0) return this.forget(flow);
    const taken = takenBy(flow);
    // A client that polls takes nothing between its polls: its heartbeat tells whether it is there.
    if (taken !== backlog.taken || sending === 0) backlog.stalledFor = 0;
    else backlog.stalledFor += this.interval;
    backlog.taken = taken;
    const { stallTimeout, maxBufferedBytes } = this.options;
    if (backlog.stalledFor < stallTimeout * SEEN_LATE) return;
    if (sum(queueOf(flow.conn), sizeOf) + notTakenOf(flow) > maxBufferedBytes) this.drop(flow, 'stalled');
  }

  private keepWithinBudget(coming: number): void {
    const budget = this.options.maxTotalBufferedBytes;
    this.estimate = this.bytes + coming;
    if (this.estimate <= budget) return;
    const sizes = Array.from(this.watched, (flow) => ({
      flow,
      size: sum(packetsFor(flow), memoryOf) + flow.readBytes,
      stalledFor: flow.backlog!.stalledFor,
    }));
    const order = sizes.toSorted((one, other) => other.stalledFor - one.stalledFor || other.size - one.size);
    // Those that share their data free it only together.
    while (this.estimate > budget * SHARE_TO_KEEP && order.length > 0) {
      for (let excess = this.estimate - budget * SHARE_TO_KEEP; excess > 0 && order.length > 0;) {
        const { flow, size } = order.shift()!;
        excess -= size;
        this.drop(flow, 'over budget');
      }
      this.estimate = this.bytes + coming;
    }
  }

  private drop(flow: ConnectionFlow, excess: Excess): void {
    this.forget(flow);
    this.disconnect(flow, excess);
  }
}

function packetsFor(flow: ConnectionFlow): readonly EnginePacket[] {
  const given = inTransport(flow) > 0 ? flow.backlog!.given : [];
  return [...given, ...queueOf(flow.conn)];
}

function sum(packets: readonly EnginePacket[], of: (packet: EnginePacket) => number): number {
  return packets.reduce((total, packet) => total + of(packet), 0);
}

function memoryOf(packet: EnginePacket): number {
  return PACKET_OVERHEAD + sizeOf(packet) * (typeof packet.data === 'string' ? COPIES_OF_TEXT : 1);
}

export function sizeOf({ data }: EnginePacket): number {
  if (data === undefined) return 0;
  return typeof data === 'string' ? data.length : data.byteLength;
}
