import { errorAnswerIn } from '../model/error-answer.js';
import { ClientGoneError, CrowdAckError, DeadlineError } from '../report/errors.js';
import { showEvent } from '../report/format.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import type { EventsMap } from '../client/events-map.js';
import { noticeReads } from '../client/notice-reads.js';
import type { ClientAssertionContext } from '../client/test-client.js';
import type { CrowdConnection } from './crowd-connection.js';
import type { Member } from './member.js';
import { asSent, sendable } from './sendable.js';
import { count, listed } from './words.js';

/** The arguments of an event without the callback for its ack, and what the ack has. */
type Asking<Listener extends (...args: never[]) => unknown> =
  Parameters<Listener> extends [...infer Args, (...answer: infer Answer) => unknown]
    ? { args: Args; answer: Answer[0] }
    : { args: Parameters<Listener>; answer: unknown };

type Names<Events> = Extract<keyof Events, string>;

/**
 * Many real clients in a process of their own, as `connectMany()` gives them. What one method does, each client does.
 * Disconnect them with `disconnect()`, or declare the crowd with `await using`.
 */
export class Crowd<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> implements AsyncDisposable {
  /** @internal Use `connectMany`. */
  constructor(
    /** @internal */
    readonly connection: CrowdConnection,
    /** @internal */
    readonly members: readonly Member[],
    /** @internal */
    readonly context: ClientAssertionContext,
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
  ) {}

  /** In failures and in the timeline: `crowd (1,000 clients)`. */
  get name(): string {
    const { name, members } = this.connection;
    return this.members.length === members.length ? name : `${count(this.members.length)} of ${name}`;
  }

  /** The number of its clients, whether or not they are connected. */
  get size(): number {
    return this.members.length;
  }

  /** The number of its clients that are connected. */
  get connected(): number {
    return this.members.filter(({ state }) => state === 'connected').length;
  }

  /** The socket id of each client. */
  get ids(): readonly string[] {
    return this.members.flatMap(({ id }) => id ?? []);
  }

  /** The clients from one place to before another, as `Array.prototype.slice` counts them. */
  slice(start?: number, end?: number): Crowd<ServerToClient, ClientToServer> {
    return new Crowd(this.connection, this.members.slice(start, end), this.context, this.timeout);
  }

  /**
   * Sends an event from each client.
   *
   * @throws ClientGoneError when one of them is not connected
   * @throws TypeError when the arguments cannot be sent to another process
   */
  emit<Event extends Names<ClientToServer>>(event: Event, ...args: Parameters<ClientToServer[Event]>): void {
    const sent = this.recordSent(event, args, false);
    // If the process ends, disconnect() reports it.
    this.connection.process.ask('emit', { clients: this.indices, event, args: sent.args }).catch(() => {});
  }

  /**
   * Sends an event from each client and waits for all acks.
   *
   * @returns the value of each client's ack; if the event failed, it may be an error
   * @throws CrowdAckError when a client gets no ack in time
   * @throws ClientGoneError when one of them is not connected
   */
  async emitWithAck<Event extends Names<ClientToServer>>(
    event: Event,
    ...args: Asking<ClientToServer[Event]>['args']
  ): Promise<Asking<ClientToServer[Event]>['answer'][]> {
    const { connection, context, members, name, timeout } = this;
    const { entry: to, args: sent } = this.recordSent(event, args, true);
    const acks = await connection.process.ask('emitWithAck', { clients: this.indices, event, args: sent, timeout });
    const missing = members.filter((_, place) => acks[place] === undefined);
    if (missing.length > 0) throw new CrowdAckError(name, showEvent(event, args), timeout, listed(missing));
    const ends = new Map(members.map(({ serverEnd }) => [serverEnd?.node, serverEnd]));
    await Promise.all(Array.from(ends.values(), async (end) => end?.caughtUp?.()));
    const { name: client, namespace } = connection;
    return acks.map((ack, place) => {
      const cause = { client, event, entry: to };
      connection.record(
        members[place]!,
        { kind: 'acked', client, namespace, by: 'server', event, args: ack!, to },
        cause,
      );
      const { refusals } = context.observer;
      return errorAnswerIn(ack) ? noticeReads(ack![0], () => refusals.declare(to)) : ack![0];
    });
  }

  /**
   * For each client, the arguments of every event of that name so far, oldest first. Exact after `settle()`.
   */
  received<Event extends Names<ServerToClient>>(event: Event): Parameters<ServerToClient[Event]>[][] {
    return this.members.map(({ inbox }) =>
      inbox.events.flatMap((one) => (one.event === event ? [one.args as Parameters<ServerToClient[Event]>] : [])),
    );
  }

  /**
   * Disconnects the clients, and resolves when every `handleDisconnect` has settled. When all clients are gone, their
   * process ends.
   *
   * @throws CrowdProcessError when the process has ended before, with its clients
   * @throws HookError when a `handleDisconnect` fails
   * @throws DeadlineError when the server does not notice it, or a hook does not settle, in time
   */
  async disconnect(): Promise<void> {
    const { connection, context, members, name, timeout } = this;
    const leaving = members.filter(({ state }) => state !== 'gone');
    if (leaving.length > 0) {
      context.record({ kind: 'acted', client: connection.name, what: `${name} leaves` });
      await withTimeout(connection.disconnect(leaving), timeout);
    }
    const left = await Promise.all(members.map(async ({ serverEnd }) => serverEnd?.whenLeft({ timeout })));
    await connection.closeWithout(members);
    connection.throwFailure(members, ({ hook, isContained }) => !isContained || hook.endsWith('.handleDisconnect'));
    const remaining = members.filter((_, place) => left[place] === EXPIRED);
    if (remaining.length === 0) return;
    const waiting = listed(remaining);
    throw new DeadlineError(`${name} left, and the server's handleDisconnect was not done`, timeout, { waiting });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  private get indices(): number[] {
    return this.members.map(({ index }) => index);
  }

  /** Records an event that the clients are about to send. @returns its entry in the timeline, and what to send */
  private recordSent(
    event: string,
    given: readonly unknown[],
    asksAck: boolean,
  ): { entry: number; args: readonly unknown[] } {
    const { connection, members, context } = this;
    const gone = members.filter(({ state }) => state !== 'connected');
    if (gone.length > 0) {
      const wanted = `${this.name} was to emit ${showEvent(event, given)}`;
      throw new ClientGoneError(listed(gone), gone[0]!.reason ?? 'it never was connected', wanted);
    }
    const args = sendable(given, asSent, () => `an argument of ${showEvent(event, given)}`);
    context.timeline.startAnew();
    const { name: client, namespace } = connection;
    let entry = 0;
    for (const member of members) {
      entry = connection.record(member, { kind: 'sent', client, namespace, event, args, asksAck });
      member.serverEnd?.noteSent(event, entry);
    }
    return { entry, args };
  }
}
