import { showEvent } from '../../report/format.js';
import type { TimelineEntry } from '../entry.js';
import type { Arrow, Lane } from './step.js';

/**
 * The arrows through Redis for events that came from another node, by the `seq` of the first receipt on the node. The
 * timeline does not follow causes across nodes, so an event without a cause is assumed to come from another node. The
 * origin is known if there is only one other node, or if clients on only one other node received the same event with
 * a cause.
 */
export function crossNodeArrows(entries: readonly TimelineEntry[]): ReadonlyMap<number, readonly Arrow[]> {
  const nodes = [...new Set(entries.flatMap(({ node }) => (node === undefined ? [] : [node])))];
  const hops = new Map<number, readonly Arrow[]>();
  if (nodes.length < 2) return hops;
  const origins = nodes.length > 2 ? originsOf(entries) : undefined;
  const latest = new Map<number, string>();
  for (const entry of entries) {
    if (entry.kind === 'sent') latest.clear();
    if (entry.kind !== 'received' || entry.cause || entry.node === undefined) continue;
    const text = showEvent(entry.event, entry.args);
    if (latest.get(entry.node) === text) continue;
    const isFirst = ![...latest.values()].includes(text);
    latest.set(entry.node, text);
    const candidates = (origins?.get(text) ?? nodes).filter((node) => node !== entry.node);
    const origin = isFirst && candidates.length === 1 ? candidates[0] : undefined;
    hops.set(entry.seq, [
      ...(origin === undefined ? [] : [hop({ kind: 'server', node: origin }, REDIS, text)]),
      hop(REDIS, { kind: 'server', node: entry.node }, text),
    ]);
  }
  return hops;
}

const REDIS: Lane = { kind: 'redis' };

function hop(from: Lane, to: Lane, text: string): Arrow {
  return { kind: 'arrow', style: 'plain', from, to, text, severity: 0, entries: 0 };
}

/** For each event, the nodes whose clients received it with a known cause. */
function originsOf(entries: readonly TimelineEntry[]): ReadonlyMap<string, readonly number[]> {
  const origins = new Map<string, readonly number[]>();
  for (const entry of entries) {
    if (entry.kind !== 'received' || !entry.cause || entry.node === undefined) continue;
    const text = showEvent(entry.event, entry.args);
    const known = origins.get(text) ?? [];
    if (!known.includes(entry.node)) origins.set(text, [...known, entry.node]);
  }
  return origins;
}
