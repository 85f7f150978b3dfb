import type { ReceivedEvent } from '../model/received-event.js';
import type { ClientAssertionContext, TestClient } from '../client/test-client.js';
import { withSlash } from '../client/connect-options.js';
import { format } from '../report/format.js';
import type { AppSubject } from './app-subject.js';
import { who } from './names.js';
import { atHome, showReceived } from './failure-text/similar-events.js';
import type { Assertion, ExpectedEvent } from './assertion.js';

/** Whether a client belongs to an audience: now or, if a moment is given, at that moment. */
export type Belongs = (client: TestClient, moment?: number) => boolean;

/** The clients in a room or on a namespace: now, or at the moment when an event was sent. */
export class Audience {
  /** @internal `app.room()` and `app.namespace()` create it. */
  constructor(
    /** @internal */
    readonly context: ClientAssertionContext,
    /** @internal In words: `room 'lobby'`. */
    readonly words: string,
    /** @internal */
    readonly belongs: Belongs,
    /** @internal In milliseconds. */
    readonly timeout: number,
  ) {}

  /** The clients that are in it now. */
  get clients(): readonly TestClient[] {
    return this.context.everyone().filter((client) => this.belongs(client));
  }

  /** The same audience without these clients: `app.room('lobby').except(alice)`. */
  except(...clients: readonly TestClient[]): Audience {
    const words = `${this.words} except ${showNames(clients)}`;
    const belongs: Belongs = (client, moment) => this.belongs(client, moment) && !clients.includes(client);
    return new Audience(this.context, words, belongs, this.timeout);
  }
}

/** @internal The clients of a room. */
export function roomAudience({ context, timeout }: AppSubject, room: string, namespace: string): Audience {
  const words = namespace === '/' ? `room ${format(room)}` : `room ${format(room)} of ${namespace}`;
  const belongs: Belongs = (client, moment) =>
    client.namespace === withSlash(namespace) && client.connection.wasIn(moment, room);
  return new Audience(context, words, belongs, timeout);
}

/** @internal The clients of a namespace. */
export function namespaceAudience({ context, timeout }: AppSubject, namespace: string): Audience {
  const name = withSlash(namespace);
  const belongs: Belongs = (client, moment) => client.namespace === name && client.connection.wasIn(moment);
  return new Audience(context, `namespace ${name}`, belongs, timeout);
}

/** `alice, bob and carol` */
function showNames(clients: readonly TestClient[]): string {
  const names = clients.map(({ name }) => name);
  return [...(names.length > 1 ? [names.slice(0, -1).join(', ')] : []), ...names.slice(-1)].join(' and ');
}

/** Clients, each with the event that it received. */
type Received = readonly (readonly [TestClient, ReceivedEvent])[];

/** Asserts that these clients receive an event, and that no other client of the app does. */
export function isAudienceOf(given: Audience | readonly TestClient[], expected: ExpectedEvent): Assertion<Received> {
  const context = given instanceof Audience ? given.context : given[0]?.context;
  if (!context) throw new TypeError('An audience needs at least one client; got an empty list.');
  const find = (client: TestClient): ReceivedEvent | undefined => client.inbox.find(expected.matches);
  const receiptsOf = (clients: readonly TestClient[]): Received =>
    clients.flatMap((client) => {
      const found = find(client);
      return found ? [[client, found] as const] : [];
    });
  const receivers = (): Received => receiptsOf(context.everyone());
  const isMeantFor = (client: TestClient, moment?: number): boolean =>
    given instanceof Audience ? given.belongs(client, moment) : given.includes(client);
  /** When this client's node first sent the event to one of its receivers. The room may have changed since then. */
  const sentAt = ({ connection: { serverEnd } }: TestClient): number | undefined => {
    const moments = receivers().flatMap(([client, { sentAt: moment }]) =>
      client.connection.serverEnd?.node === serverEnd?.node && moment !== undefined && isMeantFor(client, moment)
        ? [moment]
        : [],
    );
    return moments.length > 0 ? Math.min(...moments) : undefined;
  };
  const audience = (): readonly TestClient[] =>
    given instanceof Audience
      ? // A client that is gone may have left before the event reached it.
        context
          .everyone()
          .filter((client) => given.belongs(client, sentAt(client)) && (client.connected || find(client)))
      : given;
  const [first] = audience();
  const strangers = (): Received =>
    // A client that is gone may have received the same event earlier, while it was in the audience.
    receivers().filter(
      ([client, found]) =>
        !isMeantFor(client, found.sentAt) &&
        (client.connected || (found.sentAt !== undefined && found.sentAt >= (sentAt(client) ?? Infinity))),
    );
  const deprived = (): readonly TestClient[] => audience().filter((client) => !find(client));
  const isCausedBy = ({ name }: TestClient): boolean => receivers().some(([, { cause }]) => cause?.client === name);
  return {
    context,
    get clients() {
      return audience();
    },
    get subject() {
      const names = showNames(audience()) || 'nobody';
      return `${given instanceof Audience ? `${given.words} (${names})` : names}, and nobody else,`;
    },
    about: { event: expected.event },
    wanted: `receive ${expected.text}`,
    timeout: first?.timeout ?? (given instanceof Audience ? given.timeout : 0),
    signal: first?.signal ?? context.signal,
    complete: true,
    look: () => {
      // An empty audience proves nothing.
      if (strangers().length > 0 || audience().length === 0) return undefined;
      const received = receiptsOf(audience());
      return received.length === audience().length ? received : undefined;
    },
    take: (found) => {
      for (const [client, event] of found) client.inbox.take((received) => received === event);
    },
    isHopeless: () =>
      !(given instanceof Audience) && (strangers().length > 0 || deprived().some(({ isGone }) => isGone)),
    receipts: (found) => found.map(([, event]) => event),
    contradictedBy: () => ({
      event: expected.text,
      unwanted: strangers().map(([, event]) => event),
      missing: deprived(),
    }),
    describe: (found) => found.map(([client, event]) => `${client.name} got ${showReceived(event)}`),
    instead: () => [
      ...strangers().map(([client, event]) => `${who(client)} got it: ${showReceived(event)}`),
      ...(audience().length === 0 ? ['there is nobody'] : []),
      ...deprived().flatMap((client) => [
        `${who(client)}${isCausedBy(client) ? ', who caused it,' : ''} did not get it`,
        ...atHome(client, expected),
      ]),
    ],
  };
}
