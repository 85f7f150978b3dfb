import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { EnginePacket } from '../engine-internals.js';
import { Backlog, bytesOf, sizeOfAll } from './backlog.js';
import type { BacklogSize } from './backlog.js';
import type { ConnectionState } from './connection-state.js';
import type { ResolvedFlowOptions } from './flow.options.js';
import { inTransport, isReady, notTakenOf, queueOf, takenBy } from './transport.js';

/** A packet that is smaller and can leave at once is no backlog. */
const LARGE = 16_384;
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
  private readonly watched = new Set<ConnectionState>();
  private readonly interval: number;
  private timer: NodeJS.Timeout | undefined;
  /** At most so many bytes are kept, since all was measured last. */
  private estimate = 0;
  /** How much there has been of data that several clients get, in bytes. */
  private shared = 0;
  /** The latest of that, in this turn: its packets have their options in common. */
  private latest = { options: undefined as unknown, parts: [] as unknown[] };

  constructor(
    private readonly options: ResolvedFlowOptions,
    private readonly disconnect: (state: ConnectionState, excess: Excess) => void,
  ) {
    this.interval = Math.max(10, Math.min(1_000, options.stallTimeout / 10));
  }

  /** How many bytes are kept for clients at the moment, at most. */
  get bytes(): number {
    return this.measure().total;
  }

  /** A packet is about to be queued for a client. */
  onPacket(state: ConnectionState, packet: EnginePacket): void {
    const size = sizeOf(packet);
    if (size < LARGE && isReady(state.conn)) return;
    const isShared = packet.options?.preEncoded === true;
    const isCounted = isShared && !this.countShared(packet, size);
    this.watch(state).add(queueOf(state.conn), size, isShared, this.shared - (isShared ? size : 0));
    this.grow(isCounted ? 0 : size);
  }

  /** So many bytes more are kept of what a client has sent. */
  onRead(state: ConnectionState, bytes: number): void {
    this.watch(state);
    this.grow(bytes);
  }

  watch(state: ConnectionState): Backlog {
    if (!state.backlog) {
      state.backlog = new Backlog();
      state.backlog.taken = takenBy(state);
      this.watched.add(state);
      this.timer ??= setTimeout(this.onTimer, this.interval).unref();
    }
    return state.backlog;
  }

  forget(state: ConnectionState): void {
    this.watched.delete(state);
    state.backlog = undefined;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  /** @returns whether it is counted for the first time: all receivers of a broadcast get it in one go */
  private countShared({ options, data }: EnginePacket, size: number): boolean {
    if (this.latest.options === undefined) process.nextTick(this.forgetLatest);
    if (this.latest.options !== options) this.latest = { options, parts: [] };
    if (this.latest.parts.includes(data)) return false;
    this.latest.parts.push(data);
    this.shared += size;
    return true;
  }

  private readonly forgetLatest = (): void => {
    this.latest = { options: undefined, parts: [] };
  };

  private grow(bytes: number): void {
    this.estimate += bytes;
    if (this.estimate > this.options.maxTotalBufferedBytes) this.keepWithinBudget();
  }

  /** After the process was busy, what clients have taken meanwhile is seen first. */
  private readonly onTimer = (): void => {
    setImmediate(this.sweep);
  };

  private readonly sweep = (): void => {
    this.timer = undefined;
    for (const state of this.watched) this.look(state);
    this.keepWithinBudget();
    if (this.watched.size > 0) this.timer ??= setTimeout(this.onTimer, this.interval).unref();
  };

  /** Time is counted by sweeps: while the process does not run, nobody can take anything. */
  private look(state: ConnectionState): void {
    const backlog = state.backlog!;
    const { queued, given } = backlog.measure(queueOf(state.conn), inTransport(state));
    if (queued + given === 0 && state.readBytes === 0) {
      this.forget(state);
      return;
    }
    const taken = takenBy(state);
    // A client that polls takes nothing between its polls: its heartbeat tells whether it is there.
    if (taken !== backlog.taken || given === 0) backlog.stalledFor = 0;
    else backlog.stalledFor += this.interval;
    backlog.taken = taken;
    const { maxBufferedBytes, stallTimeout } = this.options;
    const isStalled = backlog.stalledFor >= stallTimeout * SEEN_LATE;
    if (isStalled && queued + notTakenOf(state) > maxBufferedBytes) this.drop(state, 'stalled');
  }

  private keepWithinBudget(): void {
    const budget = this.options.maxTotalBufferedBytes;
    let { total, backlogs } = this.measure();
    if (total > budget) {
      const order = backlogs.toSorted(
        (one, other) => other.stalledFor - one.stalledFor || bytesOf(other) - bytesOf(one),
      );
      while (total > budget * SHARE_TO_KEEP && order.length > 0) {
        // Those that share their data free it only together.
        for (let freed = 0; freed < total - budget * SHARE_TO_KEEP && order.length > 0; ) {
          const next = order.shift()!;
          freed += bytesOf(next);
          this.drop(next.state, 'over budget');
        }
        ({ total, backlogs } = this.measure());
      }
    }
    this.estimate = total;
  }

  private measure(): { total: number; backlogs: MeasuredBacklog[] } {
    let read = 0;
    const backlogs = Array.from(this.watched, (state): MeasuredBacklog => {
      const size = state.backlog!.measure(queueOf(state.conn), inTransport(state));
      read += state.readBytes;
      return { ...size, state, stalledFor: state.backlog!.stalledFor };
    });
    return { total: read + sizeOfAll(backlogs, this.shared), backlogs };
  }

  private drop(state: ConnectionState, excess: Excess): void {
    this.forget(state);
    this.disconnect(state, excess);
  }
}

interface MeasuredBacklog extends BacklogSize {
  readonly state: ConnectionState;
  readonly stalledFor: number;
}

function sizeOf({ data }: EnginePacket): number {
  if (data === undefined) return 0;
  return typeof data === 'string' ? data.length : data.byteLength;
}
