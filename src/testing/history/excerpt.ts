import { LeftOut, fold } from '../timeline/excerpt.js';
import { lineOf, type HistoryEntry } from './entry.js';

/** The entries that show a violation, one line each, in the order of the history. */
export function excerptOf(shown: readonly (HistoryEntry | undefined)[], entries: readonly HistoryEntry[]): string[] {
  const chosen = new Set(shown.map((entry) => entry?.seq));
  return fold(entries, (index) => chosen.has(index)).map((item) =>
    item instanceof LeftOut ? item.remark(item.items.length) : lineOf(item, entries),
  );
}
