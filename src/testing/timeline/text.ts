import { showCause } from '../report/format.js';
import { sentenceOf, type TimelineEntry } from './entry.js';

export interface PrintOptions {
  /** How many of the last entries. @default all */
  last?: number;
  /** Only what concerns these clients, by name. @default all */
  clients?: readonly string[];
}

/** Entries as text, one line for each: when, who, what and, for what happened on the server, because of whom. */
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

/** Whether the cause says no more than the entry itself, as of an ack. */
function isOwnCause(entry: TimelineEntry): boolean {
  return entry.kind === 'acked' || entry.kind === 'sent' || entry.kind === 'connected';
}
