import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import type { TestClient } from '../client/test-client.js';
import { similarEvents, showReceived } from './failure-text/similar-events.js';
import { difference } from './failure-text/difference.js';
import type { Equals } from './equality.js';
import { matcherOf, showExpected, type ExpectedEvent } from './expected-event.js';
import { who } from './names.js';
import { aboutClient, type Assertion } from './assertion.js';

/** How many events a failure lists. */
const MAX = 20;

/** Asserts that a client receives an event. */
export function receives(client: TestClient, expected: ExpectedEvent, equals: Equals): Assertion<ReceivedEvent> {
  const matches = matcherOf(expected, equals);
  return {
    ...aboutClient(client),
    about: { event: expected[0] },
    wanted: `receive ${showExpected(expected)}`,
    look: () => client.inbox.find(matches),
    take: (found) => client.inbox.take((received) => received === found),
    receipts: (found) => [found],
    contradictedBy: () => ({ event: showExpected(expected), unwanted: [], missing: [client] }),
    describe: (found) => [`${who(client)} got ${showReceived(found)}${showAgain(client, found, matches)}`],
    instead: () => similarEvents(client, expected, equals),
  };
}

/** Asserts that a client receives these events in this order; others may come between. */
export function receivesInOrder(
  client: TestClient,
  expected: readonly ExpectedEvent[],
  equals: Equals,
): Assertion<readonly ReceivedEvent[]> {
  return {
    ...aboutEvents(client),
    wanted: `receive in this order ${showList(expected)}`,
    look: () => {
      const found = inOrder(client.inbox.unread, expected, equals);
      return found.length === expected.length ? found : undefined;
    },
    instead: () => {
      const found = inOrder(client.inbox.unread, expected, equals);
      const missing = expected[found.length];
      return [
        ...client.inbox.unread.slice(0, MAX).map((received) => `${who(client)} got ${showReceived(received)}`),
        ...(client.inbox.unread.length > MAX ? [`… and ${client.inbox.unread.length - MAX} more`] : []),
        ...(missing ? [showMissing(client, missing, expected[found.length - 1], equals)] : []),
      ];
    },
  };
}

/** Asserts that a client receives exactly these events, in this order, and no others. */
export function receivesExactly(
  client: TestClient,
  expected: readonly ExpectedEvent[],
  equals: Equals,
): Assertion<readonly ReceivedEvent[]> {
  const isExpected = (received: ReceivedEvent, index: number): boolean => {
    const event = expected[index];
    return event !== undefined && matcherOf(event, equals)(received);
  };
  return {
    ...aboutEvents(client),
    complete: true,
    wanted: `receive exactly ${expected.length > 0 ? showList(expected) : 'nothing'}`,
    look: () => {
      const { unread } = client.inbox;
      return unread.length === expected.length && unread.every(isExpected) ? unread : undefined;
    },
    // Events are only added, so a mismatch stays.
    isHopeless: () => client.isGone || !client.inbox.unread.every(isExpected),
    instead: () => {
      const { unread, events } = client.inbox;
      if (unread.length === 0) return [`${who(client)} got nothing${events.length > 0 ? ' that was not read' : ''}`];
      const wanted = expected.map((event, index) => {
        const received = unread[index];
        return received && isExpected(received, index) ? asList(received) : event;
      });
      const first = unread.find((received, index) => !isExpected(received, index));
      return [
        ...difference(wanted, unread.map(asList)),
        ...(first ? [`the first that differs: ${who(client)} got ${showReceived(first)}`] : []),
      ];
    },
  };
}

/** Asserts that a client receives an event exactly this many times. */
export function receivesTimes(
  client: TestClient,
  times: number,
  expected: ExpectedEvent,
  equals: Equals,
): Assertion<readonly ReceivedEvent[]> {
  const matches = matcherOf(expected, equals);
  const matching = (): readonly ReceivedEvent[] => client.inbox.unread.filter(matches);
  return {
    ...aboutEvents(client),
    about: { event: expected[0] },
    isOfNone: times === 0,
    complete: true,
    wanted: `receive ${showExpected(expected)} ${showTimes(times)}`,
    look: () => (matching().length === times ? matching() : undefined),
    isHopeless: () => client.isGone || matching().length > times,
    contradictedBy: () => ({
      event: showExpected(expected),
      unwanted: matching().slice(times),
      missing: matching().length < times ? [client] : [],
    }),
    instead: () => [
      `it came ${showTimes(matching().length)}`,
      ...matching().slice(0, MAX).map(showReceived),
      ...similarEvents(client, expected, equals),
    ],
  };
}

/** Why an event is missing from the order. */
function showMissing(
  client: TestClient,
  expected: ExpectedEvent,
  before: ExpectedEvent | undefined,
  equals: Equals,
): string {
  const came = client.inbox.unread.some(matcherOf(expected, equals));
  const instead = came && before ? `came before ${showExpected(before)}, and not after it` : 'did not come';
  return `${showExpected(expected)} ${instead}`;
}

/** If the same event came before and was read, says that this one is another. */
function showAgain(client: TestClient, found: ReceivedEvent, matches: (received: ReceivedEvent) => boolean): string {
  const same = client.inbox.events.filter(matches);
  const before = same[same.indexOf(found) - 1];
  return before ? `, once more after the one at ${before.at.toFixed(1)} ms that was read` : '';
}

function showTimes(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}

function showList(expected: readonly ExpectedEvent[]): string {
  const more = expected.length > MAX ? [`… and ${expected.length - MAX} more`] : [];
  return [...expected.slice(0, MAX).map(showExpected), ...more].join(', ');
}

function asList(received: ReceivedEvent): readonly unknown[] {
  return [received.event, ...payloadOf(received)];
}

function inOrder(
  events: readonly ReceivedEvent[],
  expected: readonly ExpectedEvent[],
  equals: Equals,
): ReceivedEvent[] {
  const found: ReceivedEvent[] = [];
  for (const received of events) {
    const next = expected[found.length];
    if (next && matcherOf(next, equals)(received)) found.push(received);
  }
  return found;
}

/** The common part of the assertions about several events of a client. */
function aboutEvents(
  client: TestClient,
): ReturnType<typeof aboutClient> & Pick<Assertion<readonly ReceivedEvent[]>, 'take' | 'receipts' | 'describe'> {
  return {
    ...aboutClient(client),
    take: (found) => {
      for (const event of found) client.inbox.take((received) => received === event);
    },
    receipts: (found) => found,
    describe: (found) => found.map((received) => `${who(client)} got ${showReceived(received)}`),
  };
}
