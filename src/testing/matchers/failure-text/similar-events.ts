import { expectedEvent, type ExpectedEvent } from '../assertion.js';
import { payloadOf, type ReceivedEvent } from '../../model/received-event.js';
import type { ClientAssertionContext, TestClient } from '../../client/test-client.js';
import { nearest } from '../../report/nearest.js';
import { showBecause, showEvent, type Details } from '../../report/format.js';
import { sentenceOf } from '../../timeline/entry.js';
import { failureContext } from './failure-context.js';
import { difference } from './difference.js';
import { equals } from '../equality.js';
import { who } from '../names.js';

/** How many items of each kind a failure lists. */
const MAX = 8;

/** Collects what may explain why a client did not receive something; for an event, also what came instead. */
export function explain(client: TestClient, event?: string): Details {
  const instead = event === undefined ? undefined : similarEvents(client, expectedEvent([event], equals));
  return failureContext(client.context, [client], { but: instead });
}

/** Lists what is similar to an expected event: at the client, undelivered, and at other clients. */
export function similarEvents(client: TestClient, expected: ExpectedEvent): string[] {
  const others = client.context.everyone().filter((other) => other !== client && other.connected);
  const atOthers = others.flatMap((other) => {
    const found = other.inbox.events.findLast(expected.matches);
    return found ? [`${who(other)} got ${showReceived(found)}`] : [];
  });
  return [...atHome(client, expected), ...atOthers.slice(0, MAX)];
}

/** The same without other clients. */
export function atHome(client: TestClient, expected: ExpectedEvent): string[] {
  const { event, args, matches } = expected;
  const read = client.inbox.find(matches) ? undefined : client.inbox.events.findLast(matches);
  const unread = client.inbox.unread.filter((received) => !matches(received));
  const own = unread.filter((received) => received.event === event).slice(-MAX);
  return [
    ...(read ? [`${who(client)} got ${showReceived(read)}, which an expectation or next() has taken already`] : []),
    ...own.flatMap((received) => [
      `${who(client)} got "${event}" with ${showArguments(expected, payloadOf(received))}${when(received)}:`,
      ...difference(args, payloadOf(received)).map((line) => `  ${line}`),
    ]),
    ...unheard(client.context, event),
    ...undelivered(client, event),
    ...ofOtherNames(client, event, unread).slice(0, MAX - Math.min(own.length, MAX - 1)),
  ];
}

function showArguments({ args, equals: areEqual }: ExpectedEvent, received: readonly unknown[]): string {
  const left = [...received];
  const areTheSame = args.every((arg) => {
    const place = left.findIndex((value) => areEqual(value, arg));
    return place >= 0 && left.splice(place, 1).length > 0;
  });
  return areTheSame && left.length === 0 ? 'these arguments in another order' : 'other arguments';
}

/** If an event came more often than this, its receipts are counted instead of listed. */
const MAX_TOLD = 3;

/** Unread events with other names: first the one with a similar name, then those with a known cause. */
function ofOtherNames(client: TestClient, event: string, unread: readonly ReceivedEvent[]): string[] {
  const byName = new Map<string, ReceivedEvent[]>();
  for (const received of unread) {
    if (received.event !== event) byName.set(received.event, [...(byName.get(received.event) ?? []), received]);
  }
  const alike = nearest(event, [...byName.keys()]);
  const rank = ([name, [first]]: [string, ReceivedEvent[]]): number => (name === alike ? 0 : first?.cause ? 1 : 2);
  return [...byName]
    .toSorted((one, other) => rank(one) - rank(other))
    .flatMap(([name, times]) =>
      times.length > MAX_TOLD
        ? [`${who(client)} got "${name}" ${times.length} times, the last${when(times.at(-1)!)}`]
        : times.map((received) => `${who(client)} got ${showReceived(received)}`),
    );
}

/** Says that the server sent the event, but the client has not received it. */
function undelivered(client: TestClient, event: string): string[] {
  if (!client.connected || !client.connection.serverEnd?.undelivered(event)) return [];
  const why = 'a volatile event is dropped while its client cannot be written to';
  return [`"${event}" was sent to ${who(client)} and has not come: ${why}`];
}

/** An event in words: its name, its arguments, its time and its cause. */
export function showReceived(received: ReceivedEvent): string {
  return `${showEvent(received.event, payloadOf(received))}${when(received)}`;
}

/** The events of this name that the server emitted and no client received. */
function unheard({ timeline, since }: ClientAssertionContext, event: string): string[] {
  const entries = timeline.since(since()).filter((entry) => entry.kind === 'unheard' && entry.event === event);
  return entries.slice(-MAX).map((entry) => `${sentenceOf(entry)}${showBecause(entry.cause)}`);
}

function when({ at, cause }: ReceivedEvent): string {
  return ` at ${at.toFixed(1)} ms${showBecause(cause)}`;
}
