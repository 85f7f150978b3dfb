import { showCause } from '../report/format.js';
import { sentenceOf, type TimelineEntry } from './entry.js';
import type { Contradiction } from './kinds/test.js';

export interface PrintOptions {
  /** Prints only this many of the last entries. @default all */
  last?: number;
  /** Prints only what concerns these clients, by name. @default all */
  clients?: readonly string[];
}

/** Entries as text, one line each: the time, the client, what happened and, on the server, the cause. */
export function printEntries(
  entries: readonly TimelineEntry[],
  dropped: number,
  { last = Infinity, clients }: PrintOptions = {},
): string {
  const told = entries.filter(({ kind }) => kind !== 'handled');
  const wanted = clients ? told.filter((entry) => concerns(entry, clients)) : told;
  const shown = wanted.slice(Math.max(wanted.length - last, 0));
  const missing = dropped + told.length - shown.length;
  const lines = shown.map(lineOf);
  return [...(missing > 0 ? [`… ${missing} entries before or between`] : []), ...lines].join('\n');
}

/** Whether an entry is about one of these clients, or was caused by one. */
export function concerns(entry: TimelineEntry, clients: readonly string[]): boolean {
  return [clientOf(entry), entry.cause?.client].some((name) => name !== undefined && clients.includes(name));
}

export function clientOf(entry: TimelineEntry): string | undefined {
  return 'client' in entry ? entry.client : undefined;
}

/** What contradicts the assertion of an entry, if it is a failed assertion about an event. */
export function contradictionOf(entry: TimelineEntry): Contradiction | undefined {
  return entry.kind === 'stated' ? entry.contradiction : undefined;
}

/** The names of all clients that entries are about. */
export function clientsOf(entries: readonly TimelineEntry[]): ReadonlySet<string> {
  return new Set(entries.map(clientOf).filter((client) => client !== undefined));
}

/** One entry as one line: ` 12.3 ms  alice → "say" ('hi')`. */
export function lineOf(entry: TimelineEntry): string {
  const because = entry.cause && !isOwnCause(entry) ? `  ← ${showCause(entry.cause)}` : '';
  const node = entry.node === undefined ? '' : `node ${entry.node}  `;
  return `${entry.at.toFixed(1).padStart(8)} ms  ${node}${sentenceOf(entry)}${because}`;
}

/** Whether the cause would only repeat the entry itself, as for an ack. */
function isOwnCause(entry: TimelineEntry): boolean {
  return entry.kind === 'acked' || entry.kind === 'sent' || entry.kind === 'connected';
}
