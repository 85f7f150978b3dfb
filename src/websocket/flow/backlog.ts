import type { EnginePacket } from '../engine-internals.js';

/** What a packet takes of memory beside its data, in bytes. */
const PACKET_OVERHEAD = 200;

/** Counts what waits for one client: in the queue of Engine.IO, and in what the transport was given last. */
export class Backlog {
  /** For how long the client has taken nothing of it, in milliseconds. */
  stalledFor = 0;
  /** How much the client had taken when that was last looked at, in bytes. */
  taken = 0;
  private queue: readonly EnginePacket[] | undefined;
  private queued = 0;
  private queuedOwn = 0;
  private queuedSince = 0;
  private givenOwn = 0;
  private givenSince = 0;

  /**
   * Counts a packet that is about to be queued.
   *
   * @param isShared whether other clients get the very same data
   * @param since how much shared data there had been in all before this packet
   */
  add(queue: readonly EnginePacket[], size: number, isShared: boolean, since: number): void {
    if (queue !== this.queue) {
      this.giveQueue(queue);
      this.queuedSince = since;
    }
    this.queued += size + PACKET_OVERHEAD;
    this.queuedOwn += PACKET_OVERHEAD + (isShared ? 0 : size);
  }

  /** Counts what waits now. @param inTransport bytes that the transport has taken and not sent yet */
  measure(queue: readonly EnginePacket[], inTransport: number): BacklogSize {
    if (queue !== this.queue) this.giveQueue(queue);
    const isGiven = inTransport > 0;
    return {
      queued: this.queued,
      given: inTransport,
      own: this.queuedOwn + (isGiven ? this.givenOwn : 0),
      since: Math.min(this.queued > 0 ? this.queuedSince : Infinity, isGiven ? this.givenSince : Infinity),
    };
  }

  /** The transport has taken the queue, and there is another. */
  private giveQueue(queue: readonly EnginePacket[]): void {
    this.queue = queue;
    this.givenOwn = this.queuedOwn;
    this.givenSince = this.queuedSince;
    this.queued = 0;
    this.queuedOwn = 0;
  }
}

export interface BacklogSize {
  /** Bytes that wait until the transport is ready. */
  readonly queued: number;
  /** Bytes that the transport has taken and not sent yet. */
  readonly given: number;
  /** The bytes among them that no other client gets. */
  readonly own: number;
  /** How much shared data there had been in all before the oldest of it. */
  readonly since: number;
}

export function bytesOf({ queued, given }: BacklogSize): number {
  return queued + given;
}

/**
 * How many bytes several backlogs are together, at most, what they share counted once.
 *
 * @param shared how much shared data there has been in all
 */
export function sizeOfAll(sizes: readonly BacklogSize[], shared: number): number {
  let total = 0;
  let counted = shared;
  for (const size of sizes.toSorted((one, other) => other.since - one.since)) {
    const notCounted = Math.max(0, counted - size.since);
    total += Math.min(bytesOf(size), size.own + notCounted);
    counted = Math.min(counted, size.since);
  }
  return total;
}
