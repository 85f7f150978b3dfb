import type { Crowd } from '../crowd/crowd.js';
import type { Member } from '../crowd/member.js';
import { count, grouped, listed } from '../crowd/words.js';
import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import { showBecause, showEvent } from '../report/format.js';
import type { Assertion, ExpectedEvent, Manner } from './assertion.js';

/** How many groups of clients a failure lists. */
const MAX = 8;

/** The events that clients of a crowd received. */
type Found = readonly (readonly [Member, readonly ReceivedEvent[]])[];

/** Asserts that each client of a crowd receives an event; negated, that none of them does. */
export function crowdReceives(crowd: Crowd, expected: ExpectedEvent, { negated }: Manner): Assertion<Found> {
  return receives(crowd, expected, negated, {
    wanted: `receive ${expected.text}`,
    enough: (events) => events.length > 0,
    taken: (events) => events.slice(0, 1),
  });
}

/** Asserts that each client of a crowd receives an event exactly this many times; negated, that none of them does. */
export function crowdReceivesTimes(
  crowd: Crowd,
  times: number,
  expected: ExpectedEvent,
  { negated }: Manner,
): Assertion<Found> {
  return {
    ...receives(crowd, expected, negated, {
      wanted: `receive ${expected.text} ${times === 1 ? 'once' : `${times} times`} each`,
      enough: (events) => events.length === times,
      taken: (events) => events,
    }),
    isOfNone: times === 0,
    complete: true,
  };
}

function receives(
  crowd: Crowd,
  { event, text, matches }: ExpectedEvent,
  negated: boolean,
  {
    wanted,
    enough,
    taken,
  }: {
    wanted: string;
    enough: (events: readonly ReceivedEvent[]) => boolean;
    taken: (events: readonly ReceivedEvent[]) => readonly ReceivedEvent[];
  },
): Assertion<Found> {
  const { context, members, timeout } = crowd;
  const matching = ({ inbox }: Member): readonly ReceivedEvent[] => inbox.unread.filter(matches);
  const hasEnough = (member: Member): boolean => enough(matching(member));
  const find = (): Found => members.filter(hasEnough).map((member) => [member, taken(matching(member))] as const);
  const gone = (): readonly Member[] => members.filter(({ state }) => state === 'gone');
  const deprived = (): readonly Member[] => members.filter((member) => !hasEnough(member));
  return {
    context,
    clients: [],
    subject: crowd.name,
    about: { event },
    wanted,
    timeout,
    signal: context.signal,
    look: () => {
      if (negated ? !members.some(hasEnough) : !members.every(hasEnough)) return undefined;
      return find();
    },
    take: (found) => {
      for (const [{ inbox }, events] of found) for (const one of events) inbox.take((received) => received === one);
    },
    isHopeless: () => gone().some((member) => !hasEnough(member)),
    whyInconclusive: () => (gone().length > 0 ? `that proves nothing, since ${showGone(gone())}` : undefined),
    receipts: (found) => found.flatMap(([, events]) => events),
    contradictedBy: () => ({ event: text, unwanted: [], missing: deprived().length > 0 ? [crowd.connection] : [] }),
    describe: (found) => showReceipts(found),
    instead: () => {
      const missing = deprived();
      return [
        `${count(members.length - missing.length)} of ${count(members.length)} did, and ${showMissing(missing)} did not`,
        ...showInstead(missing, event),
        ...(gone().length > 0 ? [showGone(gone())] : []),
      ];
    },
  };
}

function showMissing(missing: readonly Member[]): string {
  return missing.length > 1 ? `${count(missing.length)} (${listed(missing)})` : listed(missing);
}

function showGone(gone: readonly Member[]): string {
  return grouped(gone, ({ reason }) => reason)
    .map(([reason, group]) => `${listed(group)} ${group.length === 1 ? 'is' : 'are'} gone: ${reason}`)
    .join('; ');
}

/** What clients received, by the text of it. */
function showReceipts(found: Found): string[] {
  const events = new Map(found);
  const text = (member: Member): string | undefined => {
    const [first] = events.get(member) ?? [];
    return first && `${showEvent(first.event, payloadOf(first))}${showBecause(first.cause)}`;
  };
  return grouped(
    found.map(([member]) => member),
    text,
  )
    .slice(0, MAX)
    .map(([what, group]) => `${count(group.length)} got ${what}: ${listed(group)}`);
}

/** What clients that did not receive the event have received instead: first events of this name, then others. */
function showInstead(missing: readonly Member[], event: string): string[] {
  const received = (isWanted: (one: ReceivedEvent) => boolean, show: (one: ReceivedEvent) => string): string[] =>
    grouped(missing, ({ inbox }) => {
      const events = [...new Set(inbox.unread.filter(isWanted).map(show))];
      return events.length > 0 ? events.join(', ') : undefined;
    }).map(([what, group]) => `${count(group.length)} of these got ${what}: ${listed(group)}`);
  return [
    ...received(
      (one) => one.event === event,
      (one) => showEvent(one.event, payloadOf(one)),
    ),
    ...received(
      (one) => one.event !== event,
      (one) => showEvent(one.event),
    ),
  ].slice(0, MAX);
}
