import type { Socket } from 'socket.io-client';
import { ClientGoneError, DeadlineError } from '../report/errors.js';
import { report, format, showEvent, type Details } from '../report/format.js';
import { EXPIRED, stretched, withTimeout } from '../timing/deadline.js';
import type { SentEvent } from '../model/sent-event.js';
import type { ReceivedEvent } from '../model/received-event.js';
import { ClientConnection, type ClientIdentity } from './client-connection.js';
import type { EventsMap } from './events-map.js';
import { closeWebSocket } from '../socket-io/close-websocket.js';
import type { Link } from '../link/link.js';
import type { Inbox } from './inbox.js';
import { noticeReads } from './notice-reads.js';
import type { ClientContext } from './assertion-context.js';
import { queueOf } from '../socket-io/client-internals.js';

/** How long one wait may take, and what aborts it. */
export interface WaitOptions {
  /**
   * In milliseconds.
   *
   * @default the client's `timeout`
   */
  timeout?: number;
  signal?: AbortSignal;
}

/** A real socket.io-client. Its inbox opens before the connection does, so no event is missed. */
export class TestClient<ServerToClient extends EventsMap = EventsMap, ClientToServer extends EventsMap = EventsMap> {
  /** The socket.io-client socket itself. */
  readonly socket: Socket<ServerToClient, ClientToServer>;
  readonly name: string;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;
  /** @internal */
  readonly context: ClientContext<TestClient>;
  /** @internal Aborts every wait. */
  readonly signal: AbortSignal | undefined;
  /** @internal The connection, as both ends see it. */
  readonly connection: ClientConnection;

  /** @internal */
  constructor(
    socket: Socket,
    context: ClientContext<TestClient>,
    identity: ClientIdentity,
    on: Partial<ServerToClient> = {},
  ) {
    this.socket = socket;
    this.context = context;
    this.name = identity.name;
    this.timeout = identity.timeout;
    this.signal = identity.signal;
    this.connection = new ClientConnection(socket, context, identity);
    for (const [event, listener] of Object.entries(on)) socket.on(event, listener);
  }

  /**
   * The socket's id.
   *
   * @remarks Unlike `socket.id`, it stays after a disconnect.
   */
  get id(): string {
    const { lastId } = this.connection;
    if (lastId === undefined) throw new ClientGoneError(this.name, 'it never was connected', 'An id was asked for');
    return lastId;
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  /** Socket.IO's reason for the disconnect, on the client's side; `undefined` while it is connected. */
  get disconnectReason(): string | undefined {
    return this.connected ? undefined : this.connection.lastReason;
  }

  /** Socket.IO's reason for the disconnect, on the server's side; `undefined` while it is connected. */
  get serverDisconnectReason(): string | undefined {
    return this.connection.serverEnd?.disconnectReason;
  }

  /** The client's namespace, with its leading slash. */
  get namespace(): string {
    return this.connection.namespace;
  }

  /** The transport in use: `websocket` or `polling`. */
  get transport(): string | undefined {
    return this.socket.io.engine?.transport.name;
  }

  /**
   * The network between this client and the server, on which the test injects faults. Clients that share a connection
   * share it.
   *
   * @throws TypeError when the harness has not opened the connection, but the agent or the code of the test
   */
  get link(): Link {
    const { link } = this.connection;
    if (link) return link;
    throw new TypeError(
      `The harness cannot disturb the link of ${this.name}, because it did not open the connection. ` +
        'Connect the client with connect(), without the option "agent".',
    );
  }

  /** The rooms of the client, without the room of its own id. Exact after `settle()`. */
  get rooms(): readonly string[] {
    return this.connected ? [...(this.connection.serverEnd?.membership.rooms ?? [])] : [];
  }

  /** The client's events that wait for an ack from the server, oldest first. */
  get pendingAcks(): readonly Pick<SentEvent, 'event' | 'args' | 'entry'>[] {
    return this.connection.traffic.pendingAcks;
  }

  /** @internal */
  get inbox(): Inbox {
    return this.connection.inbox;
  }

  /** @internal See `Receiver`. */
  get node(): object | undefined {
    return this.connection.serverEnd?.node;
  }

  /** @internal See `Receiver`. */
  wasIn(moment: number | undefined, room?: string): boolean {
    return this.connection.wasIn(moment, room);
  }

  /** @internal Whether it is disconnected and will not reconnect by itself. */
  get isGone(): boolean {
    return this.connection.isGone;
  }

  /**
   * Sends an event.
   *
   * @throws ClientGoneError when the client is not connected; Socket.IO would buffer the event
   * @throws TypeError when the arguments cannot be sent, because they are circular or contain a BigInt
   */
  readonly emit: Socket<ServerToClient, ClientToServer>['emit'] = (event, ...args) => {
    this.assertConnected(() => `${this.name} was to emit ${showEvent(String(event), args)}`);
    try {
      return this.socket.emit(event, ...args);
    } catch (error) {
      throw unsendable(this.name, String(event), args, error);
    }
  };

  /**
   * Sends an event and waits for its ack.
   *
   * @returns the value of the ack; if the event failed, it may be an error, which `toBeAcked` distinguishes
   * @throws DeadlineError when no ack arrives within the client's `timeout`
   * @throws ClientGoneError when the client is not connected, or loses its connection while it waits
   */
  readonly emitWithAck: Socket<ServerToClient, ClientToServer>['emitWithAck'] = (event, ...args) => {
    const wanted = (): string => `${this.name} emitted ${showEvent(String(event), args)} and waited for its ack`;
    const sending = async (): Promise<unknown> => {
      this.assertConnected(wanted);
      try {
        return await this.socket.emitWithAck(event, ...args);
      } catch (error) {
        throw unsendable(this.name, String(event), args, error);
      }
    };
    const { traffic } = this.connection;
    traffic.lastSent = undefined;
    const answer = sending();
    const sent = traffic.lastSent as SentEvent | undefined;
    const queued = sent ? undefined : queueOf(this.untyped).at(-1);
    const sentLater = queued && traffic.whenSent(queued);
    const noteAwaited = (awaited: SentEvent): void => {
      awaited.isAwaited = true;
      answer.catch(() => (awaited.isGivenUp = true));
    };
    if (sent) noteAwaited(sent);
    void sentLater?.then(noteAwaited);
    const ack = this.awaitAck(wanted, answer, sent);
    acks.set(ack, { client: this, sent: sent ?? sentLater });
    return ack as ReturnType<Socket<ServerToClient, ClientToServer>['emitWithAck']>;
  };

  /**
   * Takes the oldest unread event of that name, or waits for the next one.
   *
   * @returns the event's arguments; if the server asks for an ack, the last one is the function that sends it
   * @throws DeadlineError when no event arrives in time
   * @throws ClientGoneError when there is no such event and the client is gone
   */
  async next<Event extends Extract<keyof ServerToClient, string>>(
    event: Event,
    { timeout, signal = this.signal }: WaitOptions = {},
  ): Promise<Parameters<ServerToClient[Event]>> {
    const deadline = timeout === undefined ? this.timeout : stretched(timeout);
    const isIt = (received: ReceivedEvent): boolean => received.event === event;
    const take = (): ReceivedEvent | 'gone' | undefined => this.inbox.take(isIt) ?? (this.isGone ? 'gone' : undefined);
    const received = await this.context.activity.until(take, deadline, signal);
    if (received === 'gone') this.assertConnected(() => `${this.name} waited for ${showEvent(event)}`, event);
    else if (received !== EXPIRED) return received.args as Parameters<ServerToClient[Event]>;
    throw new DeadlineError(`${this.name} did not receive ${showEvent(event)}`, deadline, this.failureContext(event));
  }

  /**
   * The arguments of every event of that name so far, read or unread, oldest first. Exact after `settle()`.
   */
  received<Event extends Extract<keyof ServerToClient, string>>(event: Event): Parameters<ServerToClient[Event]>[] {
    const events = this.inbox.events.filter((received) => received.event === event);
    for (const { cause } of events) this.context.observer.refusals.declare(cause?.entry);
    return events.map(({ args }) => args as Parameters<ServerToClient[Event]>);
  }

  /**
   * Disconnects, and resolves when the server's `handleDisconnect` has settled.
   *
   * @throws HookError when `handleDisconnect` fails
   * @throws DeadlineError when the server does not notice it, or the hook does not settle, in time
   */
  async disconnect(): Promise<void> {
    if (this.connected)
      this.connection.traffic.record({ kind: 'acted', client: this.name, what: `${this.name} leaves` });
    const closed = closeWebSocket(this.untyped);
    this.connection.giveUpListeners();
    const end = this.connection.serverEnd;
    if (!end) return;
    if ((await end.whenLeft({ timeout: this.timeout })) === EXPIRED) {
      const headline = `${this.name} left, and the server's handleDisconnect was not done`;
      throw new DeadlineError(headline, this.timeout, this.failureContext());
    }
    await withTimeout(closed, this.timeout);
    this.connection.throwFailedHook(({ hook, isContained }) => !isContained || hook.endsWith('.handleDisconnect'));
  }

  /** @internal For the text of a failure. */
  failureContext(event?: string): Details {
    return this.context.explain(this, event);
  }

  /** The socket without the user's event types, which do not include Socket.IO's own events. */
  private get untyped(): Socket {
    return this.socket;
  }

  private async awaitAck(wanted: () => string, ack: Promise<unknown>, sent: SentEvent | undefined): Promise<unknown> {
    const { refusals } = this.context.observer;
    try {
      const answer = await withTimeout(ack, this.timeout, this.signal);
      await sent?.isJudged;
      if (answer !== EXPIRED)
        return sent && refusals.has(sent.entry) ? noticeReads(answer, () => refusals.declare(sent.entry)) : answer;
    } catch (error) {
      if (!isEncodingError(error)) this.assertConnected(wanted);
      throw error;
    }
    if (sent) refusals.declare(sent.entry);
    throw new DeadlineError(`${wanted()}, which did not come`, this.timeout, {
      ...(this.context.activity.idle() && {
        note: 'No handler is running: it returned nothing or did not call its @Ack(), a middleware refused the event, or nobody handles it.',
      }),
      ...this.failureContext(),
    });
  }

  private assertConnected(wanted: () => string, event?: string): void {
    if (this.connected) return;
    const reason = this.connection.lastReason ?? 'it never was connected';
    throw new ClientGoneError(this.name, reason, wanted(), this.failureContext(event));
  }
}

export type ClientAssertionContext = ClientContext<TestClient>;

/** Whose ack it is, and for which event: a promise while the event is queued, `undefined` if it could not be sent. */
export interface Ack {
  readonly client: TestClient;
  readonly sent?: SentEvent | Promise<SentEvent>;
}

/** The acks by the promise that `emitWithAck` returned, so that assertions can be made about the promise. */
const acks = new WeakMap<object, Ack>();

/** Returns the ack to which a promise of `emitWithAck` belongs. */
export function ackOf(promise: unknown): Ack | undefined {
  return acks.get(promise as object);
}

function isEncodingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** For a circular payload, Socket.IO reports only that the call stack has overflowed. */
function unsendable(client: string, event: string, args: readonly unknown[], cause: unknown): Error {
  if (!isEncodingError(cause)) return cause as Error;
  const reason = cause instanceof RangeError ? 'they are circular, or nested too deeply' : (cause as Error).message;
  const headline = `${client} cannot send ${showEvent(event)} with these arguments: ${reason}.`;
  return new TypeError(report(headline, { arguments: args.map(format) }), { cause });
}
