import type { SentEvent } from '../app/acks.js';
import type { ReceivedEvent } from '../app/inbox.js';
import type { TestClient } from '../app/test-client.js';
import { show, showEvent } from '../show.js';
import { showReceived } from './near-misses.js';
import { difference } from './difference.js';
import type { Equals } from './equality.js';
import { aboutClient } from './statement.js';
import type { Statement } from './statement.js';
import { isText } from './text.js';

/** An event that was sent with `emitWithAck`, and by whom. */
interface Asked {
  client: TestClient;
  sent: SentEvent;
}

/** That an event is acknowledged: with these values, when any are given. */
export function isAcked(
  { client, sent }: Asked,
  expected: readonly unknown[],
  equals: Equals,
): Statement<readonly unknown[]> {
  return {
    ...about({ client, sent }),
    wanted: expected.length > 0 ? `be acked with ${showAll(expected)}` : 'be acked',
    look: () => (sent.ack && (expected.length === 0 || equals(sent.ack, expected)) ? sent.ack : undefined),
    // There is one ack at most.
    isHopeless: () => sent.ack !== undefined || client.isGone,
    describe: (ack) => [`the ack was ${showAll(ack)}`],
    instead: () =>
      sent.ack
        ? ['the ack had other values:', ...difference(expected, sent.ack).map((line) => `  ${line}`)]
        : raisedBy({ client, sent }).map((received) => `no ack, but ${showReceived(received)}`),
  };
}

/** That an event comes back as an `exception`: with this message, when one is given. */
export function raisesException(
  { client, sent }: Asked,
  message: string | RegExp | undefined,
): Statement<ReceivedEvent> {
  return {
    ...about({ client, sent }),
    wanted: message === undefined ? 'raise an exception' : `raise an exception with message ${show(message)}`,
    look: () =>
      raisedBy({ client, sent }).find(
        (received) => message === undefined || isText(message, messageOf(received)),
      ),
    take: (found) => client.inbox.take((received) => received === found),
    isHopeless: () => client.isGone,
    describe: (found) => [`${client.name} got ${showReceived(found)}`],
    instead: () => [
      ...(sent.ack ? [`it was acked with ${showAll(sent.ack)}`] : []),
      ...raisedBy({ client, sent }).flatMap((received) => [
        `${client.name} got ${showReceived(received)}`,
        ...difference([message], [messageOf(received)]).map((line) => `  ${line}`),
      ]),
    ],
  };
}

function messageOf({ args: [payload] }: ReceivedEvent): string {
  return String((payload as { message?: unknown } | undefined)?.message);
}

/** The exceptions that an event has brought about: Nest sends them to its sender as events of this name. */
function raisedBy({ client, sent }: Asked): readonly ReceivedEvent[] {
  return client.inbox.unread.filter(
    ({ event, cause }) => event === 'exception' && cause?.entry === sent.entry,
  );
}

function about({ client, sent }: Asked): ReturnType<typeof aboutClient> {
  const { silenceProvesNothing, ...common } = aboutClient(client);
  return {
    ...common,
    subject: `${client.name}'s ${showEvent(sent.event, sent.args)}`,
    // There is one ack at most: that which came is final.
    silenceProvesNothing: () => (sent.ack ? undefined : silenceProvesNothing?.()),
  };
}

function showAll(values: readonly unknown[]): string {
  return values.map(show).join(', ');
}
