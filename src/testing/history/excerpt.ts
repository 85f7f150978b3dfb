import { LeftOut, fold } from '../timeline/excerpt.js';
import { lineOf, type HistoryEntry } from './entry.js';

/** The entries that show a violation, one line each, with what the client heard around each of them. */
export function excerptOf(shown: readonly HistoryEntry[], entries: readonly HistoryEntry[]): string[] {
  const chosen = new Set(shown.map(({ seq }) => seq));
  for (const entry of shown) {
    if (entry.kind !== 'heard') continue;
    for (const step of [-1, 1]) {
      const near = neighbour(entry.seq, step, entry.client, entries);
      if (near !== undefined) chosen.add(near);
    }
  }
  return fold(entries, (index) => chosen.has(index)).map((item) =>
    item instanceof LeftOut ? item.remark(item.items.length) : lineOf(item, entries),
  );
}

/** The closest entry of a client before or after an entry. */
function neighbour(seq: number, step: number, client: string, entries: readonly HistoryEntry[]): number | undefined {
  for (let index = seq + step; entries[index]; index += step) {
    const entry = entries[index]!;
    if ('client' in entry && entry.client === client) return index;
  }
  return undefined;
}
