import type { TimelineEntry } from '../entry.js';
import type { Contradiction } from '../kinds/test.js';

/** What contradicts the assertion of an entry, if it is a failed assertion about an event. */
export function contradictionOf(entry: TimelineEntry): Contradiction | undefined {
  return entry.kind === 'stated' ? entry.contradiction : undefined;
}

/** The `seq` of each receipt that should not have come, according to an assertion. */
export function unwantedIn(entries: readonly TimelineEntry[]): ReadonlySet<number> {
  return new Set(entries.flatMap((entry) => contradictionOf(entry)?.unwanted ?? []));
}
