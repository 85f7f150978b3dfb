import type { Cause } from '../model/execution-context.js';
import { connections, type ConnectionEntry } from './kinds/connections.js';
import { events, type EventEntry } from './kinds/events.js';
import { faults, type FaultEntry } from './kinds/faults.js';
import type { Kind, Kinds, Severity } from './kinds/kind.js';
import { rooms, type RoomEntry } from './kinds/rooms.js';
import { server, type ServerEntry } from './kinds/server.js';
import { test, type TestEntry } from './kinds/test.js';

/** Something that happened in an app under test, or that the test did to it. */
export type Happening = ConnectionEntry | EventEntry | FaultEntry | RoomEntry | ServerEntry | TestEntry;

/** A happening with its place, its time and its cause. */
export type TimelineEntry = Happening & {
  /** The number of the entry: one higher than that of the entry before. */
  readonly seq: number;
  /** In milliseconds since the app began to boot; monotonic. */
  readonly at: number;
  /** The node, in a cluster. */
  readonly node?: number;
  /** What caused it on the server, if that is known. */
  readonly cause?: Cause;
  /** How many clients of a crowd it happened to, if it happened to more than one. */
  times?: number;
};

const kinds: Kinds<TimelineEntry> = { ...connections, ...events, ...faults, ...rooms, ...server, ...test };

export function kindOf(entry: TimelineEntry): Kind<TimelineEntry> {
  return kinds[entry.kind];
}

/** What happened, in words, without time and cause. */
export function sentenceOf(entry: TimelineEntry): string {
  return `${kindOf(entry).sentence(entry)}${timesOf(entry)}`;
}

/** For what happened to many clients of a crowd: ` ×1,000`. */
export function timesOf({ times = 1 }: TimelineEntry): string {
  return times === 1 ? '' : ` ×${times.toLocaleString('en')}`;
}

/** How certainly an entry means a failure. */
export function severityOf(entry: TimelineEntry): Severity {
  return kindOf(entry).severity?.(entry) ?? 0;
}
