import { isDeepStrictEqual } from 'node:util';
import type { Cause } from '../model/execution-context.js';
import { kindOf, type Happening, type TimelineEntry } from './entry.js';
import { clientOf } from './text.js';

/** How many different payloads of an event get an entry of their own. The others are counted with the last of them. */
const MAX_PAYLOADS = 3;

/** Counts what happens to the clients of a crowd, instead of an entry for each, until the test does something else. */
export class FoldedEntries {
  /** The names of the crowds. */
  readonly crowds = new Set<string>();
  /** The entries of crowds since the test last did something, by what they have in common. */
  private readonly recent = new Map<string, TimelineEntry[]>();

  startAnew(): void {
    this.recent.clear();
  }

  /** Finds the entry that says the same of another client of the crowd, and counts it once more. */
  find(happening: Happening, node: number | undefined, cause: Cause | undefined): TimelineEntry | undefined {
    if (this.crowds.size === 0) return undefined;
    if (!this.isOfCrowd(happening, cause)) {
      if (STARTS_ANEW.has(happening.kind)) this.startAnew();
      return undefined;
    }
    const recent = this.recent.get(keyOf(happening, node)) ?? [];
    const alike = recent.filter((entry) => mayHaveCause(entry, cause));
    const found = alike.find((entry) => havePayloadInCommon(entry, happening));
    const entry = found ?? (alike.length < MAX_PAYLOADS ? undefined : alike.at(-1));
    if (entry) Object.assign(entry, { times: (entry.times ?? 1) + 1 }, !entry.cause && cause && { cause });
    return entry;
  }

  /** Remembers an entry of a crowd, so that others can be counted with it. */
  keep(entry: TimelineEntry): void {
    if (this.crowds.size === 0 || !this.isOfCrowd(entry, entry.cause)) return;
    const key = keyOf(entry, entry.node);
    this.recent.set(key, [...(this.recent.get(key) ?? []), entry]);
  }

  private isOfCrowd(happening: Happening, cause: Cause | undefined): boolean {
    const owner = 'client' in happening ? happening.client : cause?.client;
    return owner !== undefined && this.crowds.has(owner);
  }
}

/** What the test does. What happens later is the effect of that, and not of what it did before. */
const STARTS_ANEW = new Set<Happening['kind']>(['sent', 'acted', 'stated', 'requested']);

/** The cause of what happened at a node in another process may become known later. */
function mayHaveCause(entry: TimelineEntry, cause: Cause | undefined): boolean {
  return !entry.cause || !cause || entry.cause.entry === cause.entry;
}

function keyOf(happening: Happening, node: number | undefined): string {
  // The gist depends on the happening alone.
  const entry = happening as TimelineEntry;
  const gist = kindOf(entry).gist?.(entry) ?? kindOf(entry).sentence(entry);
  return [node, happening.kind, clientOf(entry), gist].join(' ');
}

/** An id or a number, which differs from client to client. */
const OF_ONE_CLIENT = /[\w-]{20,}|\d+/g;

function havePayloadInCommon(entry: TimelineEntry, happening: Happening): boolean {
  if ('args' in entry && 'args' in happening) return isDeepStrictEqual(entry.args, happening.args);
  if (entry.kind !== 'logged' || happening.kind !== 'logged') return true;
  return entry.text.replaceAll(OF_ONE_CLIENT, '') === happening.text.replaceAll(OF_ONE_CLIENT, '');
}
