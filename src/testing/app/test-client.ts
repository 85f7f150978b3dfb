import type { Socket } from 'socket.io-client';
import { ClientGoneError, DeadlineError, type HookError } from '../errors.js';
import { report, show, showEvent } from '../show.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { Cause } from '../observer/execution-context.js';
import type { ObservedSocket } from '../observer/observed-socket.js';
import type { ServerObserver } from '../observer/server-observer.js';
import { EXPIRED, stretched, within } from '../settle/deadline.js';
import { fenceToClient, fenceToServer, type ClientEnd, type ServerEnd } from '../settle/fence.js';
import { expectPingsInRealTime } from '../settle/heartbeats.js';
import { circumstances } from '../statements/circumstances.js';
import { equals } from '../statements/equality.js';
import { nearMisses } from '../statements/near-misses.js';
import type { Stage } from '../statements/stage.js';
import { noteAckOf, type SentEvent } from './acks.js';
import { ClientTraffic } from './client-traffic.js';
import type { EventsMap } from './events.js';
import { hangUp, noteWebSocket } from './hang-up.js';
import { Inbox, type ReceivedEvent } from './inbox.js';
import { noticeReads } from './notice-reads.js';
import { observeQueue, observeSocket, observeWire, queueOf } from './wire.js';

/** What a client needs of the app that it is connected to. */
export interface ClientContext extends Stage {
  readonly observer: ServerObserver;
  readonly logs: LogCapture;
}

/** How long one wait may take, and what ends it before. */
export interface WaitOptions {
  /**
   * In milliseconds.
   *
   * @default the client's `timeout`
   */
  timeout?: number;
  signal?: AbortSignal;
}

/** What a client is called, and how long each of its waits may take, in milliseconds. */
export interface ClientOptions<ServerToClient extends EventsMap = EventsMap> {
  readonly name: string;
  readonly timeout: number;
  readonly on?: Partial<ServerToClient>;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
}

/** A real socket.io-client, whose inbox is open before the connection is. `app.connect()` makes one. */
export class TestClient<ServerToClient extends EventsMap = EventsMap, ClientToServer extends EventsMap = EventsMap> {
  /** The socket.io-client socket itself. */
  readonly socket: Socket<ServerToClient, ClientToServer>;
  readonly name: string;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;
  /** @internal */
  readonly inbox: Inbox;
  /** @internal */
  readonly context: ClientContext;
  /** @internal Aborts every wait. */
  readonly signal: AbortSignal | undefined;

  private readonly traffic: ClientTraffic;
  /** @internal As `id`, or `undefined` while there is none. */
  lastId: string | undefined;
  private lastReason: string | undefined;

  /** @internal */
  constructor(
    socket: Socket,
    context: ClientContext,
    { name, timeout, on = {}, signal }: ClientOptions<ServerToClient>,
  ) {
    this.socket = socket;
    this.context = context;
    this.name = name;
    this.timeout = timeout;
    this.signal = signal;
    this.inbox = new Inbox(() => context.activity.changed());
    this.traffic = new ClientTraffic({ name, namespace: this.namespace }, socket, context);
    if (socket.connected) this.adopt();
    this.listen();
    for (const [event, listener] of Object.entries(on)) socket.on(event, this.awaited(event, listener));
  }

  /**
   * The socket's id.
   *
   * @remarks It stays after a disconnection, unlike that of `socket`.
   */
  get id(): string {
    if (this.lastId === undefined)
      throw new ClientGoneError(this.name, 'it never was connected', 'An id was asked for');
    return this.lastId;
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  /** Why the client was disconnected, as Socket.IO says it; `undefined` while it is connected. */
  get disconnectReason(): string | undefined {
    return this.connected ? undefined : this.lastReason;
  }

  /** @internal Why the server saw it go, and because of whom. */
  get serverDisconnection(): { reason: string; cause?: Cause } | undefined {
    const { disconnectReason: reason, disconnectCause: cause } = this.serverEnd ?? {};
    return reason === undefined ? undefined : { reason, cause };
  }

  /** Why the server saw it go, as Socket.IO says it there; `undefined` while it is connected. */
  get serverDisconnectReason(): string | undefined {
    return this.serverEnd?.disconnectReason;
  }

  /** The namespace that it is connected to, with its leading slash. */
  get namespace(): string {
    return (this.socket as unknown as { nsp: string }).nsp;
  }

  /** The transport in use: `websocket` or `polling`. */
  get transport(): string | undefined {
    return this.socket.io.engine?.transport.name;
  }

  /** The rooms that the client is in, without that of its own id. After `settle()` they are exact. */
  get rooms(): readonly string[] {
    return this.connected ? [...(this.serverEnd?.membership.rooms ?? [])] : [];
  }

  /** @internal Whether it was in its namespace at a moment and, where one is given, in this room; now, where no moment is. */
  wasIn(moment: number | undefined, room?: string): boolean {
    if (moment !== undefined) return this.traffic.serverEnds.some(({ membership }) => membership.wasIn(moment, room));
    return this.connected && (room === undefined || this.rooms.includes(room));
  }

  /** @internal How many events of this name the server has sent and this client has not had. */
  undelivered(event: string): number {
    return this.serverEnd?.undelivered(event) ?? 0;
  }

  /** The events of this client for which the server owes it an ack, oldest first. */
  get pendingAcks(): readonly Pick<SentEvent, 'event' | 'args' | 'entry'>[] {
    return this.traffic.pendingAcks;
  }

  /**
   * Sends an event.
   *
   * @throws ClientGoneError when the client is not connected: Socket.IO would keep the event for later
   * @throws TypeError when the arguments cannot be sent, being circular or a BigInt
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
   * @returns what the server acknowledged it with; where it failed, that may be an error: `toBeAcked` tells them apart
   * @throws DeadlineError when no ack has come within the client's `timeout`
   * @throws ClientGoneError when the client is not connected, or loses its connection meanwhile
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
    this.traffic.lastSent = undefined;
    const answer = sending();
    const sent = this.traffic.lastSent as SentEvent | undefined;
    const queued = sent ? undefined : queueOf(this.untyped).at(-1);
    const sentLater = queued && this.traffic.whenSent(queued);
    const noteAwaited = (awaited: SentEvent): void => {
      awaited.isAwaited = true;
      answer.catch(() => (awaited.isGivenUp = true));
    };
    if (sent) noteAwaited(sent);
    void sentLater?.then(noteAwaited);
    const ack = this.awaitAck(wanted, answer, sent);
    noteAckOf(ack, { client: this, sent: sent ?? sentLater });
    return ack as ReturnType<Socket<ServerToClient, ClientToServer>['emitWithAck']>;
  };

  /**
   * Takes the oldest unread event of that name, or waits for the next.
   *
   * @returns its arguments; where the server asks for an ack, the last is the function that gives it
   * @throws DeadlineError when none has come in time
   * @throws ClientGoneError when none is there and none can come, since the client is gone
   */
  async next<Event extends Extract<keyof ServerToClient, string>>(
    event: Event,
    { timeout, signal }: WaitOptions = {},
  ): Promise<Parameters<ServerToClient[Event]>> {
    const deadline = timeout === undefined ? this.timeout : stretched(timeout);
    const received = await this.take((candidate) => candidate.event === event, deadline, signal);
    if (received !== EXPIRED && received !== GONE) return received.args as Parameters<ServerToClient[Event]>;
    if (received === GONE) this.assertConnected(() => `${this.name} waited for ${showEvent(event)}`, event);
    throw new DeadlineError(`${this.name} did not receive ${showEvent(event)}`, deadline, this.circumstances(event));
  }

  /**
   * The arguments of every event of that name so far, read or not, oldest first. After `settle()` it is exact.
   */
  received<Event extends Extract<keyof ServerToClient, string>>(event: Event): Parameters<ServerToClient[Event]>[] {
    const events = this.inbox.events.filter((received) => received.event === event);
    for (const { cause } of events) if (cause?.entry !== undefined) this.context.observer.refusals.declare(cause.entry);
    return events.map(({ args }) => args as Parameters<ServerToClient[Event]>);
  }

  /**
   * Leaves, and resolves when the server's `handleDisconnect` has settled.
   *
   * @throws HookError when `handleDisconnect` failed
   * @throws DeadlineError when the server has not noticed in time, or the hook has not settled
   */
  async disconnect(): Promise<void> {
    if (this.connected) this.context.record({ kind: 'acted', client: this.name, what: `${this.name} leaves` });
    const closed = hangUp(this.untyped);
    const end = this.serverEnd;
    if (!end) return;
    const done = await this.context.activity.until(
      () => (!end.socket.connected && end.hooksSettled) || undefined,
      this.timeout,
    );
    if (done === EXPIRED) {
      throw new DeadlineError(
        `${this.name} left, and the server's handleDisconnect was not done`,
        this.timeout,
        this.circumstances(),
      );
    }
    await within(closed, this.timeout);
    this.throwFailedHook(({ hook, isContained }) => !isContained || hook.endsWith('.handleDisconnect'));
  }

  /**
   * Waits for an unread event that matches, and takes it.
   *
   * @internal
   * @returns `GONE` when the client is disconnected and none is there, `EXPIRED` at the deadline
   */
  take(
    matches: (received: ReceivedEvent) => boolean,
    timeout = this.timeout,
    signal = this.signal,
  ): Promise<ReceivedEvent | typeof GONE | typeof EXPIRED> {
    return this.context.activity.until(
      () => this.inbox.take(matches) ?? (this.isGone ? GONE : undefined),
      timeout,
      signal,
    );
  }

  /** @internal What is known that may explain why something did not come, for a failure's text. */
  circumstances(event?: string): ReturnType<typeof circumstances> {
    const instead = event === undefined ? undefined : nearMisses(this, [event], equals);
    return circumstances(this.context, [this], { 'came instead': instead });
  }

  /** @internal Connects the wire. @returns the error that Socket.IO reported instead */
  async open(): Promise<Error | typeof EXPIRED | undefined> {
    let tell: (error?: Error) => void;
    const outcome = new Promise<Error | undefined>((resolve) => {
      tell = resolve;
    });
    const onConnect = (): void => tell();
    const onError = (error: Error): void => tell(error);
    this.untyped.once('connect', onConnect);
    this.untyped.once('connect_error', onError);
    this.untyped.connect();
    try {
      return await within(outcome, this.timeout, this.signal);
    } finally {
      this.untyped.off('connect', onConnect);
      this.untyped.off('connect_error', onError);
    }
  }

  /** @internal Resolves when every `handleConnection` has settled and the client has what they sent. */
  async handled(): Promise<typeof EXPIRED | void> {
    const end = this.serverEnd;
    if (!end) return;
    const { activity } = this.context;
    const settled = await activity.until(() => end.hooksSettled || undefined, this.timeout, this.signal);
    if (settled === EXPIRED) return EXPIRED;
    if (end.untouched) return;
    if ((await within(this.fenceToClient(), this.timeout, this.signal)) === EXPIRED) return EXPIRED;
    // A connection that a hook has closed carries no fence.
    if ((await activity.until(() => this.agrees() || undefined, this.timeout, this.signal)) === EXPIRED) return EXPIRED;
  }

  /** @internal Leaves, whatever the hooks do: for a client whose connection came to nothing. */
  async abandon(): Promise<void> {
    this.socket.disconnect();
    await this.context.activity.until(() => this.agrees() || undefined, this.timeout);
  }

  /** @internal Throws, once, what a hook threw for this client. */
  throwFailedHook(which: (failure: HookError) => boolean = () => true): void {
    const failures = this.serverEnd?.failures ?? [];
    const failure = failures.find(which);
    if (!failure) return;
    failures.splice(failures.indexOf(failure), 1);
    this.context.observer.failures.delete(failure);
    throw failure;
  }

  /** @internal */
  async fenceToServer(): Promise<void> {
    const wire = this.wire();
    if (wire) await fenceToServer(wire.client, wire.server);
  }

  /** @internal */
  async fenceToClient(): Promise<void> {
    const wire = this.wire();
    if (wire) await fenceToClient(wire.client, wire.server);
  }

  /** @internal */
  agrees(): boolean {
    if (!this.connected && !this.isGone) return false;
    // By its option `retries`, one waits for the ack of the one before.
    if (this.connected && queueOf(this.untyped).length > 0) return false;
    return !this.serverEnd || this.serverEnd.socket.connected === this.connected;
  }

  /** @internal Whether it is disconnected and will not connect again by itself. */
  get isGone(): boolean {
    const { socket } = this;
    // After a cut Socket.IO calls it active, also where it is not to reconnect.
    const isLost = !socket.io.reconnection() && socket.io._readyState === 'closed' && this.lastReason !== undefined;
    return !this.connected && (!socket.active || isLost);
  }

  /** The server's end of the connection, once there is one; it stays after a disconnection. */
  private get serverEnd(): ObservedSocket | undefined {
    return this.traffic.serverEnd;
  }

  /** The socket without its user's event types, among which Socket.IO's own events cannot be named. */
  private get untyped(): Socket {
    return this.socket;
  }

  private wire(): { client: ClientEnd; server: ServerEnd } | undefined {
    if (!this.serverEnd) return undefined;
    return {
      client: this.socket.io.engine as unknown as ClientEnd,
      server: this.serverEnd.socket.conn as unknown as ServerEnd,
    };
  }

  private listen(): void {
    const { activity, observer, record } = this.context;
    const socket = this.untyped;
    observeWire(socket, this.traffic);
    observeQueue(socket, () => activity.changed());
    observeSocket(socket, {
      onConnect: () => {
        this.lastId = socket.id;
        activity.moved();
      },
      onDisconnect: (reason) => {
        this.lastReason = reason;
        this.traffic.giveUpAcks();
        record({ kind: 'disconnected', client: this.name, end: 'client', reason });
        activity.moved();
      },
      onEvent: (event, args) => {
        const isHeard = socket.hasListeners(event) || socket.listenersAny().length > 0;
        const arrival = this.traffic.nextArrival();
        this.inbox.put({ event, args: this.traffic.withoutOffset(args), isHeard, ...arrival });
      },
    });
    const noteConnection = (): void => {
      const { engine } = socket.io;
      expectPingsInRealTime(engine);
      noteWebSocket(engine);
      const { id } = engine as unknown as { id: string };
      engine.on('close', observer.noteClient(id, this.namespace, this.name));
      engine.on('packet', ({ type }) => {
        if (type === 'message') activity.moved();
      });
    };
    socket.io.on('open', noteConnection);
    if (socket.io._readyState === 'open') noteConnection();
  }

  /** Takes over the server's end of a socket that was connected before the harness knew it. */
  private adopt(): void {
    this.lastId = this.socket.id;
    const end = this.context.observer.adopt(this.id, this.name);
    if (!end) throw new TypeError(`${this.name} is connected to another server than that of this app.`);
    this.traffic.serverEnds.push(end);
  }

  /** A listener of the test's own that counts as work until its promise is settled: it may yet answer. */
  private awaited(event: string, listener: (...args: never[]) => unknown): (...args: unknown[]) => void {
    const { context, name, socket } = this;
    return (...args) => {
      const result = listener.apply(socket, args as never[]);
      // What it rejects with stays unhandled, as of any listener.
      if (result instanceof Promise)
        void result.finally(context.activity.begin(`the listener of "${event}"`, { client: name }));
    };
  }

  private async awaitAck(wanted: () => string, ack: Promise<unknown>, sent: SentEvent | undefined): Promise<unknown> {
    const { refusals } = this.context.observer;
    try {
      const answer = await within(ack, this.timeout, this.signal);
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
      ...this.circumstances(),
    });
  }

  private assertConnected(wanted: () => string, event?: string): void {
    if (this.connected) return;
    throw new ClientGoneError(
      this.name,
      this.lastReason ?? 'it never was connected',
      wanted(),
      this.circumstances(event),
    );
  }
}

/** Answer of a wait for a client that is disconnected for good. */
export const GONE = Symbol('gone');

function isEncodingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** Socket.IO says of a circular payload no more than that the call stack has overflowed. */
function unsendable(client: string, event: string, args: readonly unknown[], cause: unknown): Error {
  if (!isEncodingError(cause)) return cause as Error;
  const reason = cause instanceof RangeError ? 'they are circular, or nested too deeply' : (cause as Error).message;
  const headline = `${client} cannot send ${showEvent(event)} with these arguments: ${reason}.`;
  return new TypeError(report(headline, { arguments: args.map(show) }), { cause });
}
