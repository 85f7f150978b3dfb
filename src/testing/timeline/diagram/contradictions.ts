import type { Contradiction, TimelineEntry } from '../entry.js';

/** What contradicts a assertion about an event, where an entry is one that does not hold. */
export function contradictionOf(entry: TimelineEntry): Contradiction | undefined {
  return entry.kind === 'stated' ? entry.contradiction : undefined;
}

/** What assertions say should not have come: the `seq` of each receipt. */
export function unwantedIn(entries: readonly TimelineEntry[]): ReadonlySet<number> {
  return new Set(entries.flatMap((entry) => contradictionOf(entry)?.unwanted ?? []));
}
