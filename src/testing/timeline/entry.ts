import type { Cause } from '../model/execution-context.js';
import { connections, type ConnectionEntry } from './kinds/connections.js';
import { events, type EventEntry } from './kinds/events.js';
import type { Kind, Kinds, Severity } from './kinds/kind.js';
import { rooms, type RoomEntry } from './kinds/rooms.js';
import { server, type ServerEntry } from './kinds/server.js';
import { test, type TestEntry } from './kinds/test.js';

/** Something that happened in an app under test, or that the test did to it. */
export type Happening = ConnectionEntry | EventEntry | RoomEntry | ServerEntry | TestEntry;

/** A happening, where and when it took place, and what caused it. */
export type TimelineEntry = Happening & {
  /** Its number: one higher than that of the entry before. */
  readonly seq: number;
  /** When, in milliseconds since the app began to boot; monotonic. */
  readonly at: number;
  /** Of a cluster, the node. */
  readonly node?: number;
  /** What set it off on the server, where that is known. */
  readonly cause?: Cause;
};

const kinds: Kinds<TimelineEntry> = { ...connections, ...events, ...rooms, ...server, ...test };

/** What is known of the kind of an entry. */
export function kindOf(entry: TimelineEntry): Kind<TimelineEntry> {
  return kinds[entry.kind];
}

/** What happened, without when and why. */
export function sentenceOf(entry: TimelineEntry): string {
  return kindOf(entry).sentence(entry);
}

/** How surely an entry tells of a failure. */
export function severityOf(entry: TimelineEntry): Severity {
  return kindOf(entry).severity?.(entry) ?? 0;
}
