import { bytes, count, milliseconds } from '../option-rules.js';
import type { Rule } from '../option-rules.js';

export interface BoundsOptions {
  /**
   * How many bytes may wait for one client, apart from those that its transport is busy with; a character counts as one.
   * A client for which more wait without any of it being taken for half a second is disconnected with the reason
   * `slow consumer`, and at once when it is more than four times as much. Volatile events do not wait: Socket.IO drops
   * them while the transport is busy.
   *
   * @default 1048576
   */
  maxBufferedBytes?: number;

  /**
   * How deep arrays and objects in a message may be nested. A client that sends one that is deeper is disconnected.
   *
   * @default 64
   */
  maxNesting?: number;

  /**
   * How long something may be unfinished, in milliseconds: a message of which not all binary attachments have come, the
   * body of a polling request, a connection that is being closed. What takes longer is disconnected.
   *
   * @default 10000
   */
  packetTimeout?: number;
}

export type ResolvedBoundsOptions = Required<BoundsOptions>;

export function resolveBoundsOptions({
  maxBufferedBytes = 1_048_576,
  maxNesting = 64,
  packetTimeout = 10_000,
}: BoundsOptions): ResolvedBoundsOptions {
  return { maxBufferedBytes, maxNesting, packetTimeout };
}

export const boundsRules: Record<keyof BoundsOptions, Rule> = {
  maxBufferedBytes: bytes,
  maxNesting: count,
  packetTimeout: milliseconds,
};
