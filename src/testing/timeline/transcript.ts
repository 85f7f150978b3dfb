import { format, showEvent } from '../report/format.js';
import { sentenceOf, timesOf, type TimelineEntry } from './entry.js';

/**
 * What each client did and, indented below it, what that caused. Clients that received the same event from one cause
 * are sorted by name, because the real order is random. Times and ack numbers are left out; names replace ids.
 */
export function toTranscript(entries: readonly TimelineEntry[], dropped: number): string {
  const stable = stableNames(entries);
  const first = entries.find(({ kind }) => kind === 'connected' || kind === 'refused');
  const isBoot = (entry: TimelineEntry): boolean => dropped === 0 && entry.seq < (first?.seq ?? Infinity);
  const told = entries.filter((entry) => !isBoot(entry) && isTold(entry));
  const known = new Set(told.map(({ seq }) => seq));
  const effects = new Map<number, TimelineEntry[]>();
  const roots: TimelineEntry[] = [];
  for (const entry of told) {
    const cause = entry.kind === 'acked' ? entry.to : entry.cause?.entry;
    if (cause === undefined || !known.has(cause) || cause === entry.seq) roots.push(entry);
    else effects.set(cause, [...(effects.get(cause) ?? []), entry]);
  }
  const tell = (entry: TimelineEntry, depth: number): string[] => [
    `${'  '.repeat(depth)}${stable(tellOne(entry))}`,
    ...inStableOrder(effects.get(entry.seq) ?? []).flatMap((effect) => tell(effect, depth + 1)),
  ];
  const cut = dropped > 0 ? [`… ${dropped} earlier entries`] : [];
  // A job without effects is not part of the scenario, and how often it runs is random.
  const shown = roots.filter(({ kind, seq }) => kind !== 'begun' || effects.has(seq));
  return [...cut, ...shown.flatMap((entry) => tell(entry, 0))].join('\n');
}

/** What the test itself did is not part of the protocol. The client's end of a disconnection repeats the server's. */
function isTold(entry: TimelineEntry): boolean {
  if (entry.kind === 'acted' || entry.kind === 'stated' || entry.kind === 'handled') return false;
  return entry.kind !== 'disconnected' || entry.end === 'server';
}

function tellOne(entry: TimelineEntry): string {
  if (entry.kind === 'acked' && entry.by === 'server')
    return `ack (${entry.args.map(format).join(', ')})${timesOf(entry)}`;
  if (entry.kind === 'received') return `→ ${entry.client} ${showEvent(entry.event, entry.args)}${timesOf(entry)}`;
  return sentenceOf(entry);
}

/**
 * Puts first what happened on the server, in its order; then the events that it sent, in the order in which they first
 * reached a client; then the ack.
 */
function inStableOrder(effects: readonly TimelineEntry[]): TimelineEntry[] {
  const onServer = effects.filter(({ kind }) => kind !== 'received' && kind !== 'acked');
  const received = effects.filter((entry) => entry.kind === 'received');
  const texts = received.map(({ event, args }) => showEvent(event, args));
  const places = new Map(received.map((entry, index) => [entry, texts.indexOf(texts[index]!)]));
  const deliveries = received.toSorted(
    (one, other) => places.get(one)! - places.get(other)! || byCodeUnits(one.client, other.client),
  );
  return [...onServer, ...deliveries, ...effects.filter(({ kind }) => kind === 'acked')];
}

/** The order of `localeCompare` depends on the machine. */
function byCodeUnits(one: string, other: string): number {
  return Number(one > other) - Number(one < other);
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;

/** Replaces what differs from run to run by names. */
function stableNames(entries: readonly TimelineEntry[]): (text: string) => string {
  const ids = new Map<string, string>();
  const uuids = new Map<string, string>();
  let strangers = 0;
  for (const entry of entries) {
    if (entry.kind !== 'connected' || ids.has(entry.id)) continue;
    // A client that the harness did not open has its id as its name.
    ids.set(entry.id, entry.client === entry.id ? `<stranger ${(strangers += 1)}>` : `<id of ${entry.client}>`);
  }
  return (text) => {
    const named = [...ids].reduce((result, [id, name]) => result.replaceAll(id, name), text);
    return named.replace(ISO_TIME, '<time>').replace(UUID, (uuid) => {
      const name = uuids.get(uuid) ?? `<uuid ${uuids.size + 1}>`;
      uuids.set(uuid, name);
      return name;
    });
  };
}
