import { format, showCause, showEvent } from '../report/format.js';
import type { TimelineEntry } from './entry.js';

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

/** What happened, without when and why. */
// oxlint-disable-next-line typescript/consistent-return -- TypeScript sees that every kind returns
export function sentenceOf(entry: TimelineEntry): string {
  switch (entry.kind) {
    case 'connected':
      return `${entry.client} connected to ${entry.namespace} by ${entry.transport}`;
    case 'refused':
      return `${entry.client} refused by the ${entry.stage}: ${entry.reason}`;
    case 'upgraded':
      return `${entry.client} upgraded to ${entry.transport}`;
    case 'disconnected':
      return entry.end === 'client'
        ? `${entry.client} disconnected: ${entry.reason}`
        : `${entry.client} gone, the server says: ${entry.reason}`;
    case 'sent':
      return `${entry.client} → ${showEvent(entry.event, entry.args)}`;
    case 'received':
      return `${entry.client} ← ${showEvent(entry.event, entry.args)}`;
    case 'acked':
      return `${entry.client} ${entry.by === 'server' ? '←' : '→'} ack of "${entry.event}" (${entry.args.map(format).join(', ')})`;
    case 'requested':
      return `${entry.method} ${entry.path}`;
    case 'begun':
      return `${entry.what} began`;
    case 'handled':
      return `handled in ${entry.took.toFixed(1)} ms`;
    case 'unheard':
      return `${showEvent(entry.event, entry.args)} emitted to ${showRooms(entry)}, where nobody got it`;
    case 'joined':
      return `${entry.client} joined room ${format(entry.room)}`;
    case 'left':
      return `${entry.client} left room ${format(entry.room)}`;
    case 'logged':
      return `${entry.level} [${entry.context ?? 'no context'}] ${entry.text}`;
    case 'failed':
      return `✗ ${entry.text}`;
    case 'acted':
      return `· ${entry.what}`;
    case 'stated':
      return `${entry.holds ? '✓' : '✗'} ${entry.what}`;
  }
}

function showRooms({ rooms, namespace }: { rooms: readonly string[]; namespace: string }): string {
  return rooms.length > 0 ? `room ${rooms.map(format).join(', ')}` : `namespace ${namespace}`;
}

/** Whether the cause says no more than the entry itself, as of an ack. */
function isOwnCause(entry: TimelineEntry): boolean {
  return entry.kind === 'acked' || entry.kind === 'sent' || entry.kind === 'connected';
}
