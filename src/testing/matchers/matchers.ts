import { AppSubject } from './app-subject.js';
import { TestClient, ackOf } from '../client/test-client.js';
import type { EventsMap } from '../client/events-map.js';
import type { Receiver } from '../client/receiver.js';
import { Crowd } from '../crowd/crowd.js';
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
import { crowdReceives, crowdReceivesTimes } from './crowds.js';
import { evaluate } from './evaluate.js';
import { expectedEvent, type ExpectedEvent, type Manner, type Verdict } from './assertion.js';
import { logs, logsErrors, type ExpectedLog } from './logs.js';
import { receives, receivesExactly, receivesInOrder, receivesTimes } from './receiving.js';
import { isInRoom, isInRooms } from './rooms.js';

/** The events that the subject of an assertion can receive. */
type EventsFor<Subject> =
  Subject extends TestClient<infer ServerToClient>
    ? ServerToClient
    : Subject extends Crowd<infer ServerToClient>
      ? ServerToClient
      : Subject extends readonly TestClient<infer ServerToClient>[]
        ? ServerToClient
        : EventsMap;

type Names<Subject> = Extract<keyof EventsFor<Subject>, string>;

/** The arguments of an event, without the ack callback. An asymmetric matcher has type `any`, so it fits anywhere. */
type ArgsOf<Subject, Event extends Names<Subject>> = WithoutAck<Parameters<EventsFor<Subject>[Event]>>;
type WithoutAck<Args extends unknown[]> = Args extends [...infer Payload, (...answer: never[]) => unknown]
  ? Payload
  : Args;

/** An event as a list: its name and, if they matter, its arguments. */
type EventList<Subject> = {
  [Event in Names<Subject>]: readonly [event: Event, ...args: ArgsOf<Subject, Event> | []];
}[Names<Subject>];

/**
 * The assertions about clients, acks and apps. Await each of them. A positive assertion waits until it passes, for the
 * `timeout` of the client or the app. A negative one (`.not`), and one that says "exactly" or "nobody else", waits
 * until nothing is in flight, then checks: it is exact, and takes about a millisecond. `.not` fails for a disconnected
 * client, because that client could not have received the event.
 *
 * An assertion reads the events that it matches: the next one sees only events that are still unread. The arguments of
 * events and acks may contain the asymmetric matchers of any test runner.
 */
export interface RealtimeMatchers<Subject = unknown> {
  /**
   * A client, or each client of a crowd, receives this event, with exactly these arguments if any are given. With `.not`,
   * no client of the crowd does.
   */
  toReceive<Event extends Names<Subject>>(event: Event, ...args: ArgsOf<Subject, Event> | []): Promise<void>;
  /** A client receives these events in this order; others may come between. */
  toReceiveInOrder(...events: EventList<Subject>[]): Promise<void>;
  /** The unread events of a client are exactly these, in this order. Without arguments: there are none. */
  toReceiveExactly(...events: EventList<Subject>[]): Promise<void>;
  /** A client, or each client of a crowd, receives this event exactly this many times. */
  toReceiveTimes<Event extends Names<Subject>>(
    times: number,
    event: Event,
    ...args: ArgsOf<Subject, Event> | []
  ): Promise<void>;
  /**
   * Each client of a list, of `app.room()` or of `app.namespace()` receives this event, and no other client of the app
   * does. A room or a namespace stands for the clients that were in it when the server sent the event.
   */
  toBeAllWhoReceive<Event extends Names<Subject>>(event: Event, ...args: ArgsOf<Subject, Event> | []): Promise<void>;
  /**
   * The server acknowledges an event, with exactly these values if any are given. The subject is the promise that
   * `client.emitWithAck()` returns, not awaited. An error ack (any ack of a refused event, or an object whose `status`
   * is `error`) passes only if the values name this error and would not match any other.
   * `.not.toBeAcked()` does not wait for the deadline.
   */
  toBeAcked(...values: unknown[]): Promise<void>;
  /**
   * The sender of an event is told that it failed, with this message if one is given: by an error ack, as
   * WebsocketModule sends it, or by Nest's `exception` event. The subject is the promise that `client.emitWithAck()`
   * returns, not awaited.
   */
  toRaiseException(message?: string | RegExp): Promise<void>;
  /**
   * The server refuses a connection, for this reason if one is given. The subject is the promise that `connect()`
   * returns, not awaited.
   */
  toBeRefused(reason?: string | RegExp, expected?: ExpectedRefusal): Promise<void>;
  /** A client is connected, and still is when nothing is in flight. */
  toBeConnected(expected?: ExpectedConnection): Promise<void>;
  /** A client gets disconnected. `reason` is Socket.IO's reason at the client. */
  toBeDisconnected(reason?: string, expected?: ExpectedDisconnection): Promise<void>;
  /** A client is in this room. */
  toBeInRoom(room: string): Promise<void>;
  /** A client is in these rooms and in no others. The room of its own id does not count. */
  toBeInRooms(rooms: readonly string[]): Promise<void>;
  /**
   * An app logs this message, or one that matches the pattern. If tests share the app, only what it logs in this test
   * counts. An error that is found counts as expected: it no longer fails the test.
   */
  toHaveLogged(message: string | RegExp, expected?: ExpectedLog): Promise<void>;
  /** An app logs, at level `error` or `fatal`, something that is not declared as expected. */
  toHaveLoggedErrors(): Promise<void>;
}

type Matcher = (manner: Manner, subject: unknown, ...args: never[]) => Promise<Verdict>;

/** Any of the assertions below, with untyped arguments. */
export type AnyAssertion = (manner: Manner, subject: unknown, ...args: unknown[]) => Promise<Verdict>;

/** All assertions by the name of their matcher. Test runners and `assertThat` use this table. */
export const assertions = {
  toReceive: (manner: Manner, subject: unknown, ...given: [string, ...unknown[]]) => {
    const expected = event(given, 'toReceive', manner);
    if (subject instanceof Crowd) return evaluate(manner, crowdReceives(subject as Crowd, expected, manner));
    return evaluate(manner, receives(client(subject, 'toReceive'), expected));
  },
  toReceiveInOrder: (manner: Manner, subject: unknown, ...expected: unknown[]) => {
    const receiver = client(subject, 'toReceiveInOrder');
    if (expected.length === 0) {
      throw new TypeError(
        'expect(…).toReceiveInOrder() needs at least one event; that nothing is received says toReceiveExactly().',
      );
    }
    const events = expected.map((one) => event(one, 'toReceiveInOrder', manner));
    return evaluate(manner, receivesInOrder(receiver, events));
  },
  toReceiveExactly: (manner: Manner, subject: unknown, ...expected: unknown[]) => {
    const receiver = client(subject, 'toReceiveExactly');
    const events = expected.map((one) => event(one, 'toReceiveExactly', manner));
    return evaluate(manner, receivesExactly(receiver, events));
  },
  toReceiveTimes: (manner: Manner, subject: unknown, times: number, ...given: [string, ...unknown[]]) => {
    const expected = event(given, 'toReceiveTimes', manner);
    if (subject instanceof Crowd)
      return evaluate(manner, crowdReceivesTimes(subject as Crowd, times, expected, manner));
    return evaluate(manner, receivesTimes(client(subject, 'toReceiveTimes'), times, expected));
  },
  toBeAllWhoReceive: (manner: Manner, subject: unknown, ...given: [string, ...unknown[]]) => {
    const expected = event(given, 'toBeAllWhoReceive', manner);
    if (subject instanceof Audience) return evaluate(manner, isAudienceOf(subject, subject, expected));
    const listed = listOf(subject);
    const receivers = listed.flatMap((one): readonly Receiver[] => (one instanceof Crowd ? one.members : [one]));
    return evaluate(manner, isAudienceOf(receivers, listed[0], expected));
  },
  toBeAcked: async (manner: Manner, subject: unknown, ...values: unknown[]) => {
    const { client: sender, sent } = await asked(subject, 'toBeAcked');
    const verdict = await evaluate(manner, isAcked({ client: sender, sent }, values, manner.equals));
    // `.not.toBeAcked()` expects that the event is refused, but `.not.toBeAcked(value)` does not.
    if (manner.negated && !verdict.pass && values.length === 0) sender.context.observer.refusals.declare(sent.entry);
    return verdict;
  },
  toRaiseException: async (manner: Manner, subject: unknown, message?: string | RegExp) =>
    evaluate(manner, raisesException(await asked(subject, 'toRaiseException'), message)),
  toBeRefused: ({ equals }: Manner, subject: unknown, reason?: string | RegExp, expected: ExpectedRefusal = {}) =>
    isRefused(subject, reason, expected, equals),
  toBeConnected: (manner: Manner, subject: unknown, expected: ExpectedConnection = {}) =>
    evaluate(manner, isConnected(client(subject, 'toBeConnected'), expected)),
  toBeDisconnected: (manner: Manner, subject: unknown, reason?: string, expected: ExpectedDisconnection = {}) =>
    evaluate(manner, isDisconnected(client(subject, 'toBeDisconnected'), reason, expected)),
  toBeInRoom: (manner: Manner, subject: unknown, room: string) =>
    evaluate(manner, isInRoom(client(subject, 'toBeInRoom'), room)),
  toBeInRooms: (manner: Manner, subject: unknown, rooms: readonly string[]) => {
    const member = client(subject, 'toBeInRooms');
    if (!Array.isArray(rooms))
      throw new TypeError(`expect(…).toBeInRooms() needs a list of rooms, like ['lobby']; it got ${format(rooms)}.`);
    return evaluate(manner, isInRooms(member, rooms));
  },
  toHaveLogged: (manner: Manner, subject: unknown, message: string | RegExp, expected: ExpectedLog = {}) =>
    evaluate(manner, logs(app(subject, 'toHaveLogged'), message, expected, manner)),
  toHaveLoggedErrors: (manner: Manner, subject: unknown) =>
    evaluate(manner, logsErrors(app(subject, 'toHaveLoggedErrors'), manner.since)),
} satisfies Record<keyof RealtimeMatchers, Matcher>;

function client(subject: unknown, matcher: string): TestClient {
  if (subject instanceof TestClient) return subject as TestClient;
  throw wrongSubject(matcher, 'a client, as connect() gives it', subject);
}

function app(subject: unknown, matcher: string): AppSubject {
  if (subject instanceof AppSubject) return subject;
  throw wrongSubject(matcher, 'an app, as startTestApp() or the fixture gives it', subject);
}

/** @throws the reason why the event could not be sent */
async function asked(subject: unknown, matcher: string): Promise<Asked> {
  const found = ackOf(subject);
  if (!found) {
    throw wrongSubject(matcher, 'the promise that client.emitWithAck() returns, not awaited', subject);
  }
  // The assertion reports a missing ack, so the promise's own timeout must not become an unhandled rejection.
  (subject as Promise<unknown>).catch(() => {});
  const { client: sender } = found;
  // An event that is queued behind others may never be sent.
  const sent = await Promise.race([found.sent, (subject as Promise<unknown>).then(() => undefined)]);
  if (sent) return { client: sender, sent };
  await (subject as Promise<unknown>);
  throw wrongSubject(matcher, 'an event that was sent', subject);
}

/** The clients and crowds of a list, or a crowd alone. */
function listOf(subject: unknown): readonly [TestClient | Crowd, ...(TestClient | Crowd)[]] {
  const list: readonly unknown[] = Array.isArray(subject) ? subject : [subject];
  const isList = (Array.isArray(subject) && subject.length > 0) || subject instanceof Crowd;
  if (isList && list.every((one) => one instanceof TestClient || one instanceof Crowd))
    return list as [TestClient | Crowd];
  const wanted = 'a list of clients, app.room(…) or app.namespace(…)';
  throw wrongSubject('toBeAllWhoReceive', wanted, subject);
}

function event(given: unknown, matcher: string, { equals }: Manner): ExpectedEvent {
  const [name, ...args] = Array.isArray(given) ? (given as unknown[]) : [];
  if (typeof name === 'string') return expectedEvent([name, ...args], equals);
  throw new TypeError(
    `expect(…).${matcher}() needs the name of an event, or lists like ['said', 'hi']; it got ${format(given)}.`,
  );
}

function wrongSubject(matcher: string, wanted: string, subject: unknown): TypeError {
  return new TypeError(
    `expect(…).${matcher}() needs ${wanted}; it got ${whatIs(subject, wanted.includes('promise'))}.`,
  );
}

/** Describes a wrong subject and, if it is obvious, says what to do. */
function whatIs(subject: unknown, isPromiseWanted: boolean): string {
  if (subject === null || typeof subject !== 'object') return format(subject);
  if (Array.isArray(subject)) return subject.length === 0 ? 'an empty list' : 'a list of something else';
  if (ackOf(subject)) return 'what emitWithAck() returns';
  if (subject instanceof Promise) return isPromiseWanted ? 'another promise' : 'a promise: await it first';
  if (subject instanceof TestClient) return `the client ${subject.name}`;
  if (subject instanceof AppSubject) return 'the app';
  if (subject instanceof Audience) return subject.words;
  if (subject instanceof Crowd) return subject.name;
  if ('io' in subject && 'nsp' in subject)
    return 'a socket of socket.io-client: give the client itself, or app.follow(socket)';
  return `an object: ${format(subject)}`;
}
