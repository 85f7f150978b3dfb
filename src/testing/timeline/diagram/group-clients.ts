import { severityOf, type TimelineEntry } from '../entry.js';
import { clientOf, clientsOf, contradictionOf } from '../text.js';

/** How many clients get their own lifeline. With more, a diagram is too wide to read. */
const MAX_CLIENTS = 8;

/**
 * The clients that are drawn individually. If there are many, these are the clients of a failure, those that caused
 * something, and those to which something else happened than to most.
 */
export function individualsOf(entries: readonly TimelineEntry[], unwanted: ReadonlySet<number>): ReadonlySet<string> {
  const clients = clientsOf(entries);
  if (clients.size <= MAX_CLIENTS) return clients;
  const fates = fatesOf(entries);
  const counts = new Map<string, number>();
  for (const fate of fates.values()) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  const rarest = [...fates.keys()].toSorted(
    (one, other) => counts.get(fates.get(one)!)! - counts.get(fates.get(other)!)!,
  );
  const concerned = entries.filter((entry) => severityOf(entry) > 0 || unwanted.has(entry.seq));
  const named = [
    ...entries.flatMap((entry) => contradictionOf(entry)?.missing ?? []),
    ...concerned.flatMap((entry) => [clientOf(entry), entry.cause?.client]),
    ...entries.flatMap(({ kind, cause }) =>
      kind === 'received' && cause?.event !== 'connection' ? [cause?.client] : [],
    ),
    ...rarest.filter((name) => counts.get(fates.get(name)!)! < fates.size / 2),
  ].filter((name) => name !== undefined && fates.has(name));
  return new Set([...new Set(named as string[])].slice(0, MAX_CLIENTS));
}

/** What happened to each client, without payloads. */
function fatesOf(entries: readonly TimelineEntry[]): ReadonlyMap<string, string> {
  const fates = new Map<string, string>();
  for (const entry of entries) {
    const client = clientOf(entry);
    if (client === undefined || entry.kind === 'stated') continue;
    const what = 'event' in entry ? `${entry.kind} ${entry.event}` : entry.kind;
    fates.set(client, `${fates.get(client) ?? ''}\n${what}`);
  }
  return fates;
}
