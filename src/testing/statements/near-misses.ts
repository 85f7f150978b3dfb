import { payloadOf, type ReceivedEvent } from '../app/inbox.js';
import type { TestClient } from '../app/test-client.js';
import { showBecause, showEvent } from '../show.js';
import { sentenceOf } from '../timeline/text.js';
import { difference } from './difference.js';
import type { Equals } from './equality.js';
import { matcherOf, type ExpectedEvent } from './expected-event.js';
import { who } from './names.js';
import type { Stage } from './stage.js';

/** How many of each kind are told. */
const MOST = 8;

/** What is near to an event that a client was to receive: at the client, nowhere, and at others. */
export function nearMisses(client: TestClient, expected: ExpectedEvent, equals: Equals): string[] {
  const matches = matcherOf(expected, equals);
  const atOthers = client.context
    .everyone()
    .filter((other) => other !== client && other.connected)
    .flatMap((other) => {
      const found = other.inbox.events.findLast(matches);
      return found ? [`${who(other)} got ${showReceived(found)}`] : [];
    });
  return [...atHome(client, expected, equals), ...atOthers.slice(0, MOST)];
}

/** The same without what others got. */
export function atHome(client: TestClient, expected: ExpectedEvent, equals: Equals): string[] {
  const [event, ...args] = expected;
  const matches = matcherOf(expected, equals);
  const read = client.inbox.find(matches) ? undefined : client.inbox.events.findLast(matches);
  const own = client.inbox.unread.slice(-MOST).flatMap((received) => {
    if (matches(received)) return [];
    if (received.event !== event) return [`${who(client)} got ${showReceived(received)}`];
    return [
      `${who(client)} got "${event}" with other arguments${when(received)}:`,
      ...difference(args, payloadOf(received)).map((line) => `  ${line}`),
    ];
  });
  return [
    ...(read ? [`${who(client)} got ${showReceived(read)}, which an expectation or next() has taken already`] : []),
    ...own,
    ...unheard(client.context, event),
  ];
}

/** An event as it is told: what it was, when it came, and because of whom. */
export function showReceived(received: ReceivedEvent): string {
  return `${showEvent(received.event, payloadOf(received))}${when(received)}`;
}

/** What the server emitted under that name, and nobody got. */
function unheard({ timeline, since }: Stage, event: string): string[] {
  const entries = timeline.since(since()).filter((entry) => entry.kind === 'unheard' && entry.event === event);
  return entries.slice(-MOST).map((entry) => `${sentenceOf(entry)}${showBecause(entry.cause)}`);
}

function when({ at, cause }: ReceivedEvent): string {
  return ` at ${at.toFixed(1)} ms${showBecause(cause)}`;
}
