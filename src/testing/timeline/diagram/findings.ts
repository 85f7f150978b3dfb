import { showEvent } from '../../show.js';
import type { TimelineEntry } from '../entry.js';
import { clientsOf } from '../text.js';

type Stated = Extract<TimelineEntry, { kind: 'stated' }>;
type Received = Extract<TimelineEntry, { kind: 'received' }>;

/** What bears out that a statement about an event did not hold. */
export interface Findings {
  /** What came, and should not have: the `seq` of each entry. */
  readonly unwanted: ReadonlySet<number>;
  /** Who should have had it and did not, by the statement's `seq`. */
  readonly missing: ReadonlyMap<number, readonly string[]>;
}

/** Looks up what the statements that did not hold are about. */
export function findingsOf(entries: readonly TimelineEntry[]): Findings {
  const unwanted = new Set<number>();
  const missing = new Map<number, readonly string[]>();
  const clients = clientsOf(entries);
  for (const stated of entries) {
    if (stated.kind !== 'stated' || stated.holds) continue;
    const before = entries.filter(({ seq }) => seq < stated.seq);
    if (stated.client !== undefined && stated.what.startsWith(`${stated.client} not to receive `)) {
      const last = eventsOf(stated, before).findLast(({ client }) => client === stated.client);
      if (last) unwanted.add(last.seq);
    } else if (stated.client !== undefined && stated.what.startsWith(`${stated.client} to receive "`)) {
      missing.set(stated.seq, [stated.client]);
    } else if (stated.what.includes(ALL_WHO_RECEIVE)) {
      const [subject = ''] = stated.what.split(ALL_WHO_RECEIVE);
      const wanted = namesIn(subject).filter((name) => clients.has(name));
      const round = latestRound(eventsOf(stated, before), before);
      for (const { seq, client } of round) if (!wanted.includes(client)) unwanted.add(seq);
      missing.set(
        stated.seq,
        wanted.filter((client) => !round.some((received) => received.client === client)),
      );
    }
  }
  return { unwanted, missing };
}

const ALL_WHO_RECEIVE = ', and nobody else, to receive ';

/** The receipts of what a statement is about: the very event or, when there is none, those of its name. */
function eventsOf({ what }: Stated, entries: readonly TimelineEntry[]): readonly Received[] {
  const received = entries.filter((entry) => entry.kind === 'received');
  const exact = received.filter(({ event, args }) => what.includes(showEvent(event, args)));
  return exact.length > 0 ? exact : received.filter(({ event }) => what.includes(showEvent(event)));
}

/** Of the same event, sent again and again, the receipts of the last time. */
function latestRound(events: readonly Received[], entries: readonly TimelineEntry[]): readonly Received[] {
  const last = events.at(-1);
  if (!last) return [];
  const start = last.cause?.entry ?? entries.findLast(({ kind, seq }) => kind === 'sent' && seq < last.seq)?.seq ?? 0;
  return events.filter(({ seq }) => seq > start);
}

/** The clients of `alice, bob and carol`, or of `room 'lobby' except carol (alice and bob)`. */
function namesIn(subject: string): readonly string[] {
  return (/\((.*)\)$/.exec(subject)?.[1] ?? subject).split(/, | and /);
}
