import type { ReceivedEvent } from '../model/received-event.js';
import type { Receiver } from '../client/receiver.js';
import { TestClient, type ClientAssertionContext } from '../client/test-client.js';
import { Member } from '../crowd/member.js';
import { count, grouped, listed } from '../crowd/words.js';
import { withSlash } from '../client/connect-options.js';
import { format } from '../report/format.js';
import type { AppSubject } from './app-subject.js';
import { who } from './names.js';
import { atHome, showReceived } from './failure-text/similar-events.js';
import type { Assertion, ExpectedEvent } from './assertion.js';

/** Whether a client belongs to an audience: now or, if a moment is given, at that moment. */
export type Belongs = (client: Receiver, moment?: number) => boolean;

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
    const belongs: Belongs = (client, moment) =>
      this.belongs(client, moment) && !(clients as readonly Receiver[]).includes(client);
    return new Audience(this.context, words, belongs, this.timeout);
  }
}

/** @internal The clients of a room. */
export function roomAudience({ context, timeout }: AppSubject, room: string, namespace: string): Audience {
  const words = namespace === '/' ? `room ${format(room)}` : `room ${format(room)} of ${namespace}`;
  const belongs: Belongs = (client, moment) => client.namespace === withSlash(namespace) && client.wasIn(moment, room);
  return new Audience(context, words, belongs, timeout);
}

/** @internal The clients of a namespace. */
export function namespaceAudience({ context, timeout }: AppSubject, namespace: string): Audience {
  const name = withSlash(namespace);
  const belongs: Belongs = (client, moment) => client.namespace === name && client.wasIn(moment);
  return new Audience(context, `namespace ${name}`, belongs, timeout);
}

/** `alice, bob and 200 of crowd (300 clients)` */
function showNames(clients: readonly Receiver[]): string {
  const names = [
    ...clients.flatMap(({ name, crowd }) => (crowd === undefined ? [name] : [])),
    ...grouped(clients, ({ crowd }) => crowd).map(([crowd, members]) => `${count(members.length)} of ${crowd}`),
  ];
  return [...(names.length > 1 ? [names.slice(0, -1).join(', ')] : []), ...names.slice(-1)].join(' and ');
}

/** Clients, each with the event that it received. */
type Received = readonly (readonly [Receiver, ReceivedEvent])[];

/** Asserts that these clients receive an event, and that no other client of the app does. */
export function isAudienceOf(
  given: Audience | readonly Receiver[],
  { context, timeout }: { context: ClientAssertionContext; timeout: number },
  expected: ExpectedEvent,
): Assertion<Received> {
  const find = (client: Receiver): ReceivedEvent | undefined => client.inbox.find(expected.matches);
  const receiptsOf = (clients: readonly Receiver[]): Received =>
    clients.flatMap((client) => {
      const found = find(client);
      return found ? [[client, found] as const] : [];
    });
  const receivers = (): Received => receiptsOf(context.receivers());
  const ofList = given instanceof Audience ? undefined : new Set(given);
  const isMeantFor = (client: Receiver, moment?: number): boolean =>
    given instanceof Audience ? given.belongs(client, moment) : ofList!.has(client);
  /** By node: when it first sent the event to one of its receivers. The room may have changed since then. */
  const sentAt = (): ReadonlyMap<unknown, number> => {
    const first = new Map<unknown, number>();
    for (const [client, { sentAt: moment }] of receivers()) {
      if (moment === undefined || !isMeantFor(client, moment)) continue;
      first.set(client.node, Math.min(moment, first.get(client.node) ?? Infinity));
    }
    return first;
  };
  const audience = (): readonly Receiver[] => {
    if (!(given instanceof Audience)) return given;
    const moments = sentAt();
    const earliest = moments.size > 0 ? Math.min(...moments.values()) : undefined;
    const belonged = (client: Receiver): boolean => {
      if (moments.has(client.node)) return given.belongs(client, moments.get(client.node));
      // When the event was with a node without a receiver is not known: at some time between then and now.
      return given.belongs(client) && given.belongs(client, earliest);
    };
    // A client that is gone may have left before the event reached it.
    return context.receivers().filter((client) => belonged(client) && (client.connected || find(client)));
  };
  const strangers = (): Received => {
    const moments = sentAt();
    // A client that is gone may have received the same event earlier, while it was in the audience.
    return receivers().filter(
      ([client, found]) =>
        !isMeantFor(client, found.sentAt) &&
        (client.connected || (found.sentAt !== undefined && found.sentAt >= (moments.get(client.node) ?? Infinity))),
    );
  };
  const deprived = (): readonly Receiver[] => audience().filter((client) => !find(client));
  const isCausedBy = ({ name }: Receiver): boolean => receivers().some(([, { cause }]) => cause?.client === name);
  const [first] = ofClients(audience());
  return {
    context,
    get clients() {
      return ofClients(audience());
    },
    get subject() {
      const names = showNames(audience()) || 'nobody';
      return `${given instanceof Audience ? `${given.words} (${names})` : names}, and nobody else,`;
    },
    about: { event: expected.event },
    wanted: `receive ${expected.text}`,
    timeout: first?.timeout ?? timeout,
    signal: first?.signal ?? context.signal,
    complete: true,
    look: () => {
      const wanted = audience();
      // An empty audience proves nothing.
      if (strangers().length > 0 || wanted.length === 0) return undefined;
      const received = receiptsOf(wanted);
      return received.length === wanted.length ? received : undefined;
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
      missing: deprived().map(({ name, crowd }) => ({ name: crowd ?? name })),
    }),
    describe: (found) => showReceipts(found, 'got'),
    instead: () => {
      const wanted = audience();
      const missing = deprived();
      return [
        ...showReceipts(strangers(), 'got it:'),
        ...(wanted.length === 0 ? ['there is nobody'] : []),
        ...ofClients(missing).flatMap((client) => [
          `${who(client)}${isCausedBy(client) ? ', who caused it,' : ''} did not get it`,
          ...atHome(client, expected),
        ]),
        ...byCrowd(missing).map(([crowd, members]) => `${showMembers(members)} of ${crowd} did not get it`),
      ];
    },
  };
}

/** What clients received, one line each, and one for each crowd. */
function showReceipts(found: Received, verb: 'got' | 'got it:'): string[] {
  const events = new Map(found);
  const clients = [...events.keys()];
  return [
    ...ofClients(clients).map(
      (client) => `${verb === 'got' ? client.name : who(client)} ${verb} ${showReceived(events.get(client)!)}`,
    ),
    ...byCrowd(clients).map(
      ([crowd, members]) => `${showMembers(members)} of ${crowd} ${verb} ${showReceived(events.get(members[0]!)!)}`,
    ),
  ];
}

function ofClients(receivers: readonly Receiver[]): readonly TestClient[] {
  return receivers.filter((receiver) => receiver instanceof TestClient);
}

function byCrowd(receivers: readonly Receiver[]): readonly [crowd: string, members: readonly Member[]][] {
  return grouped(
    receivers.filter((receiver) => receiver instanceof Member),
    ({ crowd }) => crowd,
  );
}

function showMembers(members: readonly Member[]): string {
  return members.length === 1 ? listed(members) : `${count(members.length)} (${listed(members)})`;
}
