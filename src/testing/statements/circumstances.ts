import type { TestClient } from '../app/test-client.js';
import { payloadOf } from '../app/inbox.js';
import type { ReceivedEvent } from '../app/inbox.js';
import { show, showBecause, showEvent, showServerError, showWork } from '../errors.js';
import type { Details } from '../errors.js';
import { isRoutine } from '../timeline/routine.js';
import { clientOf, concerns, lineOf, sentenceOf } from '../timeline/text.js';
import type { TimelineEntry } from '../timeline/entry.js';
import type { Stage } from './stage.js';
import { difference } from './difference.js';
import type { Equals } from './equality.js';
import { matcherOf } from './expected-event.js';
import type { ExpectedEvent } from './expected-event.js';

/** How much of each thing is told. */
const MOST = { events: 8, errors: 3, timeline: 15 };

/** All that may explain why something is not as was expected, in the order in which a reader wants it. */
export function circumstances(
  stage: Stage,
  clients: readonly TestClient[],
  instead: readonly string[] = [],
): Details {
  return {
    'came instead': instead,
    because: [
      ...clients.flatMap(whyGone),
      ...stage.activity.work.map(showWork),
      ...stage.everyone().flatMap(waitingForAcks),
      ...stage
        .errors()
        .slice(-MOST.errors)
        .flatMap((entry) => {
          const [first, ...frames] = showServerError(entry);
          return [`the server logged ${first}`, ...frames];
        }),
    ],
    ...lastOfTimeline(stage, clients),
  };
}

/** What a client got that is near to what was expected of it: each with what differs, where that can be said. */
export function nearMisses(
  stage: Stage,
  client: TestClient,
  expected: ExpectedEvent,
  equals: Equals,
): string[] {
  const [event, ...args] = expected;
  const matches = matcherOf(expected, equals);
  const own = client.inbox.unread.slice(-MOST.events).flatMap((received) => {
    if (matches(received)) return [];
    if (received.event !== event) return [`${client.name} got ${showReceived(received)}`];
    return [
      `${client.name} got "${event}" with other arguments${when(received)}:`,
      ...difference(args, payloadOf(received)).map((line) => `  ${line}`),
    ];
  });
  const earlier = client.inbox.events.findLast((received) => matches(received));
  const atOthers = stage
    .everyone()
    .filter((other) => other !== client)
    .flatMap((other) => {
      const found = other.inbox.events.findLast(matches);
      return found ? [`${other.name} got ${showReceived(found)}`] : [];
    });
  return [
    ...(earlier && !client.inbox.find(matches)
      ? [`${client.name} got ${showReceived(earlier)}, which an expectation or next() has taken already`]
      : []),
    ...own,
    ...unheard(stage, event),
    ...atOthers.slice(0, MOST.events),
  ];
}

/** What the server emitted under that name, and nobody got. */
function unheard({ timeline, since }: Stage, event: string): string[] {
  const entries = timeline
    .since(since())
    .filter((entry) => entry.kind === 'unheard' && entry.event === event);
  return entries.slice(-MOST.events).map((entry) => {
    const because = entry.cause ? showBecause(entry.cause) : '';
    return `${sentenceOf(entry)}${because}`;
  });
}

/** An event as it is told: what it was, when it came, and because of whom. */
export function showReceived(received: ReceivedEvent): string {
  return `${showEvent(received.event, payloadOf(received))}${when(received)}`;
}

function when({ at, cause }: ReceivedEvent): string {
  return ` at ${at.toFixed(1)} ms${showBecause(cause)}`;
}

function whyGone(client: TestClient): string[] {
  if (client.connected) return [];
  const { disconnectReason: reason, serverDisconnection: server } = client;
  if (reason === undefined) return [`${client.name} never was connected`];
  const atServer = server ? ` (the server says: ${server.reason})${showBecause(server.cause)}` : '';
  return [`${client.name} is gone: ${reason}${atServer}`];
}

function waitingForAcks(client: TestClient): string[] {
  return client.pendingAcks.map(
    ({ event, args }) => `${client.name} has no ack of ${showEvent(event, args)} yet`,
  );
}

/** The last entries, and before these whatever went wrong and whatever became of the clients in question. */
function lastOfTimeline({ timeline, since }: Stage, clients: readonly TestClient[]): Details {
  const names = clients.map(({ name }) => name);
  const entries = timeline.since(since()).filter((entry) => entry.kind !== 'stated' && !isRoutine(entry));
  const last = entries.slice(-MOST.timeline);
  const before = entries.slice(0, -MOST.timeline).filter((entry) => isTelling(entry, names));
  const shown = [...before.slice(-MOST.events), ...last];
  const total = timeline.dropped + timeline.entries.length;
  const label = `timeline, ${shown.length} of ${total} entries (all: app.timeline.print())`;
  return { [label]: shown.map(lineOf) };
}

function isTelling(entry: TimelineEntry, names: readonly string[]): boolean {
  if (entry.kind === 'failed') return true;
  if (entry.kind === 'logged') return entry.level === 'error' || entry.level === 'fatal';
  const isTurn = entry.kind === 'connected' || entry.kind === 'disconnected' || entry.kind === 'refused';
  return isTurn && names.includes(clientOf(entry) ?? '') && concerns(entry, names);
}

export function showAll(values: readonly unknown[]): string {
  return values.map(show).join(', ');
}
