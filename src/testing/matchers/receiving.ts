import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import type { TestClient } from '../client/test-client.js';
import { similarEvents, showReceived } from './failure-text/similar-events.js';
import { difference } from './failure-text/difference.js';
import { who } from './names.js';
import { aboutClient, type About, type Assertion, type ExpectedEvent } from './assertion.js';

/** How many events a failure lists. */
const MAX = 20;

/** Asserts that a client receives an event. */
export function receives(client: TestClient, expected: ExpectedEvent): Assertion<ReceivedEvent> {
  const { event, text, matches } = expected;
  return {
    ...aboutClient(client),
    about: { event },
    wanted: `receive ${text}`,
    look: () => client.inbox.find(matches),
    take: (found) => client.inbox.take((received) => received === found),
    receipts: (found) => [found],
    contradictedBy: () => ({ event: text, unwanted: [], missing: [client] }),
    describe: (found) => [`${who(client)} got ${showReceived(found)}${showAgain(client, found, matches)}`],
    instead: () => similarEvents(client, expected),
  };
}

/** Asserts that a client receives these events in this order; others may come between. */
export function receivesInOrder(
  client: TestClient,
  expected: readonly ExpectedEvent[],
): Assertion<readonly ReceivedEvent[]> {
  return {
    ...aboutEvents(client),
    wanted: `receive in this order ${showList(expected)}`,
    look: () => {
      const found = inOrder(client.inbox.unread, expected);
      return found.length === expected.length ? found : undefined;
    },
    instead: () => {
      const found = inOrder(client.inbox.unread, expected);
      const missing = expected[found.length];
      return [
        ...client.inbox.unread.slice(0, MAX).map((received) => `${who(client)} got ${showReceived(received)}`),
        ...(client.inbox.unread.length > MAX ? [`… and ${client.inbox.unread.length - MAX} more`] : []),
        ...(missing ? [showMissing(client, missing, expected[found.length - 1])] : []),
      ];
    },
  };
}

/** Asserts that a client receives exactly these events, in this order, and no others. */
export function receivesExactly(
  client: TestClient,
  expected: readonly ExpectedEvent[],
): Assertion<readonly ReceivedEvent[]> {
  const isExpected = (received: ReceivedEvent, index: number): boolean => expected[index]?.matches(received) ?? false;
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
      const wanted = expected.map(({ event, args, matches }, index) => {
        const received = unread[index];
        return received && matches(received) ? asList(received) : [event, ...args];
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
): Assertion<readonly ReceivedEvent[]> {
  const { event, text, matches } = expected;
  const matching = (): readonly ReceivedEvent[] => client.inbox.unread.filter(matches);
  return {
    ...aboutEvents(client),
    about: { event },
    isOfNone: times === 0,
    complete: true,
    wanted: `receive ${text} ${showTimes(times)}`,
    look: () => (matching().length === times ? matching() : undefined),
    isHopeless: () => client.isGone || matching().length > times,
    contradictedBy: () => ({
      event: text,
      unwanted: matching().slice(times),
      missing: matching().length < times ? [client] : [],
    }),
    instead: () => [
      `it came ${showTimes(matching().length)}`,
      ...matching().slice(0, MAX).map(showReceived),
      ...similarEvents(client, expected),
    ],
  };
}

/** Why an event is missing from the order. */
function showMissing(client: TestClient, { text, matches }: ExpectedEvent, before: ExpectedEvent | undefined): string {
  const came = client.inbox.unread.some(matches);
  return `${text} ${came && before ? `came before ${before.text}, and not after it` : 'did not come'}`;
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
  return [...expected.slice(0, MAX).map(({ text }) => text), ...more].join(', ');
}

function asList(received: ReceivedEvent): readonly unknown[] {
  return [received.event, ...payloadOf(received)];
}

function inOrder(events: readonly ReceivedEvent[], expected: readonly ExpectedEvent[]): ReceivedEvent[] {
  const found: ReceivedEvent[] = [];
  for (const received of events) if (expected[found.length]?.matches(received)) found.push(received);
  return found;
}

/** The common part of the assertions about several events of a client. */
function aboutEvents(
  client: TestClient,
): About & Pick<Assertion<readonly ReceivedEvent[]>, 'take' | 'receipts' | 'describe'> {
  return {
    ...aboutClient(client),
    take: (found) => {
      for (const event of found) client.inbox.take((received) => received === event);
    },
    receipts: (found) => found,
    describe: (found) => found.map((received) => `${who(client)} got ${showReceived(received)}`),
  };
}
