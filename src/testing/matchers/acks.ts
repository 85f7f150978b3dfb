import type { SentEvent } from '../model/sent-event.js';
import type { ReceivedEvent } from '../model/received-event.js';
import { errorAnswerIn } from '../model/error-answer.js';
import type { TestClient } from '../client/test-client.js';
import { isText, format, showEvent } from '../report/format.js';
import { showReceived } from './failure-text/similar-events.js';
import { difference } from './failure-text/difference.js';
import type { Equals } from './equality.js';
import { aboutClient, type About, type Assertion } from './assertion.js';

/** An event that was sent with `emitWithAck`, and its sender. */
export interface Asked {
  client: TestClient;
  sent: SentEvent;
}

/** Asserts that an event is acknowledged: with these values or, if none are given, with anything but an error. */
export function isAcked(
  { client, sent }: Asked,
  expected: readonly unknown[],
  equals: Equals,
): Assertion<readonly unknown[]> {
  const { refusals } = client.context.observer;
  const isError = (ack: readonly unknown[]): boolean => refusals.has(sent.entry) || errorAnswerIn(ack) !== undefined;
  // Values that match any error, such as `expect.any(Object)`, do not name this error.
  const isAskedFor = (ack: readonly unknown[]): boolean => !equals(ack.map(anotherLike), expected);
  const isIt = (ack: readonly unknown[]): boolean =>
    (expected.length === 0 || equals(ack, expected)) && (!isError(ack) || (expected.length > 0 && isAskedFor(ack)));
  return {
    ...about({ client, sent }),
    wanted: expected.length > 0 ? `be acked with ${showAll(expected)}` : 'be acked',
    look: () => (sent.ack && isIt(sent.ack) ? sent.ack : undefined),
    take: () => refusals.declare(sent.entry),
    // An event gets at most one ack.
    isHopeless: () => sent.ack !== undefined || sent.isGivenUp === true || client.isGone,
    describe: (ack) => [ackedWith(ack)],
    instead: () => {
      if (sent.isGivenUp) return ['its promise was rejected: the client waits no longer, by its ackTimeout'];
      if (!sent.ack) return raisedBy({ client, sent }).map((received) => `no ack, but ${showReceived(received)}`);
      if (isError(sent.ack) && !errorAnswerIn(expected))
        return [`handling it failed: the ack was ${showAll(sent.ack)}`];
      return ['the ack had other values:', ...difference(expected, sent.ack).map((line) => `  ${line}`)];
    },
  };
}

/** No test's pattern for an error message is meant to match this text. */
const ANOTHER_TEXT = '§';

/** A different error of the same shape: with other values, and without `status` and `code`, which identify an error. */
function anotherLike(error: unknown): unknown {
  if (typeof error === 'string') return ANOTHER_TEXT;
  if (typeof error === 'number') return error + 1;
  if (typeof error === 'boolean') return !error;
  if (typeof error !== 'object' || error === null) return {};
  const { status: _, code: __, ...rest } = error as Record<string, unknown>;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, anotherLike(value)]));
}

/** How the sender of an event learned that it failed. */
interface Failure {
  readonly payload: { readonly message?: unknown } | undefined;
  /** In words, for messages. */
  readonly told: string;
  /** The `exception` event; `undefined` if the ack reported the failure. */
  readonly received?: ReceivedEvent;
}

/** Asserts that an event fails, by an error ack or an `exception` event: with this message, if one is given. */
export function raisesException({ client, sent }: Asked, message: string | RegExp | undefined): Assertion<Failure> {
  return {
    ...about({ client, sent }),
    wanted: message === undefined ? 'raise an exception' : `raise an exception with message ${format(message)}`,
    look: () =>
      failuresOf({ client, sent }).find((failure) => message === undefined || isText(message, messageOf(failure))),
    take: ({ received }) => {
      client.context.observer.refusals.declare(sent.entry);
      if (received) client.inbox.take((other) => other === received);
    },
    isHopeless: () => client.isGone,
    describe: ({ told }) => [told],
    instead: () => [
      ...(sent.ack && !errorAnswerIn(sent.ack) ? [ackedWith(sent.ack)] : []),
      ...failuresOf({ client, sent }).flatMap((failure) => [
        failure.told,
        ...difference([message], [messageOf(failure)]).map((line) => `  ${line}`),
      ]),
    ],
  };
}

function messageOf({ payload }: Failure): string {
  return String(payload?.message);
}

function failuresOf({ client, sent }: Asked): readonly Failure[] {
  const answer = errorAnswerIn(sent.ack);
  return [
    ...(answer ? [{ payload: answer, told: ackedWith([answer]) }] : []),
    ...raisedBy({ client, sent }).map((received) => ({
      payload: received.args[0] as Failure['payload'],
      told: `${client.name} got ${showReceived(received)}`,
      received,
    })),
  ];
}

/** The unread `exception` events that Nest sent to the sender because of this event. */
function raisedBy({ client, sent }: Asked): readonly ReceivedEvent[] {
  return client.inbox.unread.filter(({ event, cause }) => event === 'exception' && cause?.entry === sent.entry);
}

function about({ client, sent }: Asked): About {
  const { whyInconclusive, ...common } = aboutClient(client);
  return {
    ...common,
    subject: `${client.name}'s ${showEvent(sent.event, sent.args)}`,
    // An event gets at most one ack, so an ack that came is final.
    whyInconclusive: () => (sent.ack ? undefined : whyInconclusive?.()),
  };
}

function ackedWith(ack: readonly unknown[]): string {
  return `it was acked with ${showAll(ack)}`;
}

function showAll(values: readonly unknown[]): string {
  return values.length > 0 ? values.map(format).join(', ') : 'nothing';
}
