import type { TimelineEntry } from '../entry.js';
import type { Contradiction } from '../kinds/test.js';

/** What contradicts an assertion about an event, where an entry is one that does not hold. */
export function contradictionOf(entry: TimelineEntry): Contradiction | undefined {
  return entry.kind === 'stated' ? entry.contradiction : undefined;
}

/** What assertions say should not have come: the `seq` of each receipt. */
export function unwantedIn(entries: readonly TimelineEntry[]): ReadonlySet<number> {
  return new Set(entries.flatMap((entry) => contradictionOf(entry)?.unwanted ?? []));
}
