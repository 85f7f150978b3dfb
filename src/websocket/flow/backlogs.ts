import { setImmediate, setTimeout } from 'node:timers';
import { isReady, queueOf, type Connection, type EnginePacket } from '../socket-io/engine-internals.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { flowOf, type Backlog, type ConnectionFlow } from './connection-flow.js';
import { inTransport, notTakenOf, takenBy } from './transport.js';

/** A smaller packet that can be sent at once is not a backlog. */
const LARGE = 16_384;
/** The memory that a packet takes besides its data, in bytes. */
const PACKET_OVERHEAD = 200;
/** A text is in memory three times: the encoder's string, Engine.IO's string, and the bytes that Node writes. */
const COPIES_OF_TEXT = 3;
/** The system reports space only when a third of its buffer is free, so the progress of a slow client shows late. */
const SEEN_LATE = 1.5;
/** When all backlogs together are over budget, they are reduced to this share of the budget. */
const SHARE_TO_KEEP = 0.8;

/** Why a client is disconnected. */
export type Excess = 'stalled' | 'over budget';

/**
 * Limits what is buffered for clients: what waits for them, and what they have sent that is not handled yet. A client
 * that reads nothing for some time while much waits for it is disconnected. When all buffers together are over budget,
 * more clients are disconnected: first those that have read nothing for longest, then those with the largest buffers.
 */
export class Backlogs {
  private readonly watched = new Set<ConnectionFlow>();
  private readonly interval: number;
  private timer: NodeJS.Timeout | undefined;
  /** The upper bound of the buffered bytes: the last measurement plus all that was added since. */
  private estimate = 0;

  constructor(
    private readonly options: ResolvedWebsocketOptions,
    private readonly disconnect: (flow: ConnectionFlow, excess: Excess) => void,
  ) {
    this.interval = Math.max(10, Math.min(1_000, options.stallTimeout / 10));
  }

  /** The bytes of memory that are buffered for clients now. Data that several clients get counts once. */
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

  /** Called before a packet is queued for a client. */
  onPacket(conn: Connection, packet: EnginePacket): void {
    if (sizeOf(packet) < LARGE && isReady(conn)) return;
    this.watch(flowOf(conn)!);
    const bytes = memoryOf(packet);
    this.grow(bytes, bytes);
  }

  /** Called when more bytes from a client are buffered. */
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

  /** @param coming how many of `bytes` are not in the buffers yet */
  private grow(bytes: number, coming = 0): void {
    this.estimate += bytes;
    if (this.estimate > this.options.maxTotalBufferedBytes) this.keepWithinBudget(coming);
  }

  /** The immediate lets I/O run first, so that what clients have taken while the process was busy is counted. */
  private readonly onTimer = (): void => {
    setImmediate(() => {
      this.timer = undefined;
      for (const flow of this.watched) this.look(flow, flow.backlog!);
      if (this.watched.size > 0) this.timer ??= setTimeout(this.onTimer, this.interval).unref();
    });
  };

  /** Stalled time is counted in checks, not by the clock: while the process is blocked, no client can take anything. */
  private look(flow: ConnectionFlow, backlog: Backlog): void {
    const sending = inTransport(flow);
    if (sending === 0 && queueOf(flow.conn).length === 0 && flow.readBytes === 0) return this.forget(flow);
    const taken = takenBy(flow);
    // A polling client takes nothing between its polls. Its heartbeat shows whether it is still connected.
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
    // Shared data is freed only when all clients that share it are dropped, so it is measured again.
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
