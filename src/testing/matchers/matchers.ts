import { AppSubject } from './app-subject.js';
import { TestClient } from '../client/test-client.js';
import { ackOf } from '../client/test-client.js';
import type { EventsMap } from '../client/events-map.js';
import { format } from '../report/format.js';
import { isAcked, raisesException, type Asked } from './acks.js';
import { Audience, isAudienceOf } from './audience.js';
import {
  isConnected,
  isDisconnected,
  isRefused,
  type ExpectedConnection,
  type ExpectedDisconnection,
  type ExpectedRefusal,
} from './connections.js';
import type { Equals } from './equality.js';
import { evaluate } from './evaluate.js';
import type { Assertion, Verdict } from './assertion.js';
import { logs, logsErrors, type ExpectedLog } from './logs.js';
import { receives, receivesExactly, receivesInOrder, receivesTimes } from './receiving.js';
import type { ExpectedEvent } from './expected-event.js';
import { isInRoom, isInRooms } from './rooms.js';

/** The events that the subject of an expectation can receive. */
type EventsFor<Subject> =
  Subject extends TestClient<infer ServerToClient>
    ? ServerToClient
    : Subject extends readonly TestClient<infer ServerToClient>[]
      ? ServerToClient
      : EventsMap;

type Names<Subject> = Extract<keyof EventsFor<Subject>, string>;

/** An event's arguments, without the function that gives the ack. An asymmetric matcher, being `any`, fits everywhere. */
type ArgsOf<Subject, Event extends Names<Subject>> = WithoutAck<Parameters<EventsFor<Subject>[Event]>>;
type WithoutAck<Args extends unknown[]> = Args extends [...infer Payload, (...answer: never[]) => unknown]
  ? Payload
  : Args;

/** An event as a list: its name and, where they matter, its arguments. */
type EventList<Subject> = {
  [Event in Names<Subject>]: readonly [event: Event, ...args: ArgsOf<Subject, Event> | []];
}[Names<Subject>];

/**
 * What is stated about clients, acks and apps. Each has to be awaited. One that is made waits until it is borne out,
 * for the client's or the app's `timeout`; one that is denied by `.not`, and one that says "exactly" or "nobody else",
 * lets the app come to rest and then looks: it is exact, and takes about a millisecond. Denied of a client that is
 * gone it fails, since the silence of the dead proves nothing.
 *
 * Events that an expectation has found are read: the next one sees only what is still unread. The arguments of events
 * and acks may hold the asymmetric matchers of any test runner.
 */
export interface RealtimeMatchers<Subject = unknown> {
  /** Of a client: it receives this event, with exactly these arguments when any are given. */
  toReceive<Event extends Names<Subject>>(event: Event, ...args: ArgsOf<Subject, Event> | []): Promise<void>;
  /** Of a client: it receives these events in this order; others may come between. */
  toReceiveInOrder(...events: EventList<Subject>[]): Promise<void>;
  /** Of a client: these events, in this order, are all that is unread. Without any: nothing is. */
  toReceiveExactly(...events: EventList<Subject>[]): Promise<void>;
  /** Of a client: it receives this event so many times, neither more nor less. */
  toReceiveTimes<Event extends Names<Subject>>(
    times: number,
    event: Event,
    ...args: ArgsOf<Subject, Event> | []
  ): Promise<void>;
  /**
   * Of a list of clients, of `app.room()` or of `app.namespace()`: each of them receives this event, and no other
   * client of the app does. Who is in a room or on a namespace is looked at as it was when the server sent the event.
   */
  toBeAllWhoReceive<Event extends Names<Subject>>(event: Event, ...args: ArgsOf<Subject, Event> | []): Promise<void>;
  /**
   * Of what `client.emitWithAck()` returned, not awaited: the server acknowledges it, with exactly these values when
   * any are given. An ack of an event that the server has refused, or an object whose `status` is `error`, is one only when
   * it is given, by what would not fit any other error.
   * `.not.toBeAcked()` does not wait for the deadline.
   */
  toBeAcked(...values: unknown[]): Promise<void>;
  /**
   * Of what `client.emitWithAck()` returned, not awaited: its sender is told that it failed, with this message when one
   * is given. That is an ack that is an error, as WebsocketModule answers, or Nest's event `exception` because of it.
   */
  toRaiseException(message?: string | RegExp): Promise<void>;
  /** Of what `connect()` returned, not awaited: the server refuses the connection, for this reason if one is given. */
  toBeRefused(reason?: string | RegExp, expected?: ExpectedRefusal): Promise<void>;
  /** Of a client: it is connected and, when all has come to rest, still is. */
  toBeConnected(expected?: ExpectedConnection): Promise<void>;
  /** Of a client: it gets disconnected; the reason is Socket.IO's, as the client says it. */
  toBeDisconnected(reason?: string, expected?: ExpectedDisconnection): Promise<void>;
  /** Of a client: it is in this room. */
  toBeInRoom(room: string): Promise<void>;
  /** Of a client: it is in these rooms and, that of its own id left out, in no others. */
  toBeInRooms(rooms: readonly string[]): Promise<void>;
  /**
   * Of an app: it logs this message, or one that matches the pattern. Of an app that tests share, only what it logs in
   * this test counts. An error that was found is declared: it no longer fails the test.
   */
  toHaveLogged(message: string | RegExp, expected?: ExpectedLog): Promise<void>;
  /** Of an app: it logs, at level `error` or `fatal`, what nobody has declared as expected. */
  toHaveLoggedErrors(): Promise<void>;
}

/** How an assertion is to be evaluated. */
export interface Manner {
  negated: boolean;
  equals: Equals;
  /** From when on log entries count, in milliseconds of `performance.now()`. */
  since: number;
}

type Matcher = (manner: Manner, subject: unknown, ...args: never[]) => Promise<Verdict>;

/** Any of the assertions below, as what hands them on sees them. */
export type AnyAssertion = (manner: Manner, subject: unknown, ...args: unknown[]) => Promise<Verdict>;

/** Every assertion by the name of its matcher; test runners, and `assertThat`, are given them by this table. */
export const assertions = {
  toReceive: (manner: Manner, subject: unknown, ...expected: [string, ...unknown[]]) =>
    verdictOn(manner, receives(client(subject, 'toReceive'), event(expected, 'toReceive'), manner.equals)),
  toReceiveInOrder: (manner: Manner, subject: unknown, ...expected: ExpectedEvent[]) => {
    const receiver = client(subject, 'toReceiveInOrder');
    if (expected.length === 0) {
      throw new TypeError(
        'expect(…).toReceiveInOrder() needs at least one event; that nothing is received says toReceiveExactly().',
      );
    }
    const events = expected.map((one) => event(one, 'toReceiveInOrder'));
    return verdictOn(manner, receivesInOrder(receiver, events, manner.equals));
  },
  toReceiveExactly: (manner: Manner, subject: unknown, ...expected: ExpectedEvent[]) =>
    verdictOn(
      manner,
      receivesExactly(
        client(subject, 'toReceiveExactly'),
        expected.map((one) => event(one, 'toReceiveExactly')),
        manner.equals,
      ),
    ),
  toReceiveTimes: (manner: Manner, subject: unknown, times: number, ...expected: [string, ...unknown[]]) =>
    verdictOn(
      manner,
      receivesTimes(client(subject, 'toReceiveTimes'), times, event(expected, 'toReceiveTimes'), manner.equals),
    ),
  toBeAllWhoReceive: (manner: Manner, subject: unknown, ...expected: [string, ...unknown[]]) =>
    verdictOn(manner, isAudienceOf(audience(subject), event(expected, 'toBeAllWhoReceive'), manner.equals)),
  toBeAcked: async (manner: Manner, subject: unknown, ...values: unknown[]) => {
    const { client: sender, sent } = await asked(subject, 'toBeAcked');
    const verdict = await verdictOn(manner, isAcked({ client: sender, sent }, values, manner.equals));
    // That it is not acked says that it is refused; that it has not this value does not.
    if (manner.negated && !verdict.pass && values.length === 0) sender.context.observer.refusals.declare(sent.entry);
    return verdict;
  },
  toRaiseException: async (manner: Manner, subject: unknown, message?: string | RegExp) =>
    verdictOn(manner, raisesException(await asked(subject, 'toRaiseException'), message)),
  toBeRefused: ({ equals }: Manner, subject: unknown, reason?: string | RegExp, expected: ExpectedRefusal = {}) =>
    isRefused(subject, reason, expected, equals),
  toBeConnected: (manner: Manner, subject: unknown, expected: ExpectedConnection = {}) =>
    verdictOn(manner, isConnected(client(subject, 'toBeConnected'), expected)),
  toBeDisconnected: async (manner: Manner, subject: unknown, reason?: string, expected: ExpectedDisconnection = {}) => {
    const gone = client(subject, 'toBeDisconnected');
    const verdict = await verdictOn(manner, isDisconnected(gone, reason, expected));
    // Who is disconnected for an event is refused it.
    const { entry } = gone.link.serverEnd?.disconnectCause ?? {};
    if (verdict.pass && !manner.negated && entry !== undefined) gone.context.observer.refusals.declare(entry);
    return verdict;
  },
  toBeInRoom: (manner: Manner, subject: unknown, room: string) =>
    verdictOn(manner, isInRoom(client(subject, 'toBeInRoom'), room)),
  toBeInRooms: (manner: Manner, subject: unknown, rooms: readonly string[]) => {
    const member = client(subject, 'toBeInRooms');
    if (!Array.isArray(rooms))
      throw new TypeError(`expect(…).toBeInRooms() needs a list of rooms, like ['lobby']; it got ${format(rooms)}.`);
    return verdictOn(manner, isInRooms(member, rooms));
  },
  toHaveLogged: (manner: Manner, subject: unknown, message: string | RegExp, expected: ExpectedLog = {}) =>
    verdictOn(manner, logs(app(subject, 'toHaveLogged'), message, expected, manner.equals, manner.since)),
  toHaveLoggedErrors: (manner: Manner, subject: unknown) =>
    verdictOn(manner, logsErrors(app(subject, 'toHaveLoggedErrors'), manner.since)),
} satisfies Record<keyof RealtimeMatchers, Matcher>;

function verdictOn<Found>({ negated }: Manner, assertion: Assertion<Found>): Promise<Verdict> {
  return evaluate(assertion, negated);
}

function client(subject: unknown, matcher: string): TestClient {
  if (subject instanceof TestClient) return subject as TestClient;
  throw wrongSubject(matcher, 'a client, as connect() gives it', subject);
}

function app(subject: unknown, matcher: string): AppSubject {
  if (subject instanceof AppSubject) return subject;
  throw wrongSubject(matcher, 'an app, as startTestApp() or the fixture gives it', subject);
}

/** @throws why the event could not be sent, where it was not */
async function asked(subject: unknown, matcher: string): Promise<Asked> {
  const found = ackOf(subject);
  if (!found) {
    throw wrongSubject(matcher, 'the promise that client.emitWithAck() returns, not awaited', subject);
  }
  // That no ack came is for the assertion to tell; the promise's own deadline would be an unhandled rejection.
  (subject as Promise<unknown>).catch(() => {});
  const { client: sender } = found;
  // One that waits for others to be sent may come to nothing.
  const sent = await Promise.race([found.sent, (subject as Promise<unknown>).then(() => undefined)]);
  if (sent) return { client: sender, sent };
  await (subject as Promise<unknown>);
  throw wrongSubject(matcher, 'an event that was sent', subject);
}

function audience(subject: unknown): Audience | readonly TestClient[] {
  if (subject instanceof Audience) return subject;
  if (Array.isArray(subject) && subject.length > 0 && subject.every((one) => one instanceof TestClient))
    return subject as TestClient[];
  const wanted = 'a list of clients, app.room(…) or app.namespace(…)';
  throw wrongSubject('toBeAllWhoReceive', wanted, subject);
}

function event(expected: unknown, matcher: string): ExpectedEvent {
  const [name] = Array.isArray(expected) ? (expected as unknown[]) : [expected];
  if (Array.isArray(expected) && typeof name === 'string') return expected as unknown as ExpectedEvent;
  throw new TypeError(
    `expect(…).${matcher}() needs the name of an event, or lists like ['said', 'hi']; it got ${format(expected)}.`,
  );
}

function wrongSubject(matcher: string, wanted: string, subject: unknown): TypeError {
  return new TypeError(
    `expect(…).${matcher}() needs ${wanted}; it got ${whatIs(subject, wanted.includes('promise'))}.`,
  );
}

/** What was given in the place of a subject, with what to do about it where that is plain. */
function whatIs(subject: unknown, isPromiseWanted: boolean): string {
  if (subject === null || typeof subject !== 'object') return format(subject);
  if (Array.isArray(subject)) return subject.length === 0 ? 'an empty list' : 'a list of something else';
  if (ackOf(subject)) return 'what emitWithAck() returns';
  if (subject instanceof Promise) return isPromiseWanted ? 'another promise' : 'a promise: await it first';
  if (subject instanceof TestClient) return `the client ${subject.name}`;
  if (subject instanceof AppSubject) return 'the app';
  if (subject instanceof Audience) return subject.words;
  if ('io' in subject && 'nsp' in subject)
    return 'a socket of socket.io-client: give the client itself, or app.follow(socket)';
  return `an object: ${format(subject)}`;
}
