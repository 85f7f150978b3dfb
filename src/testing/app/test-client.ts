import { io } from 'socket.io-client';
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';
import type { Activity } from '../settle/activity.js';
import { EXPIRED, within } from '../settle/deadline.js';
import { ClientGoneError, DeadlineError, showEvent, showLog, showWork } from '../errors.js';
import { fenceToClient, fenceToServer } from '../settle/fence.js';
import type { ClientEnd, ServerEnd } from '../settle/fence.js';
import { Inbox } from './inbox.js';
import type { ReceivedEvent } from './inbox.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { ObservedSocket } from '../observer/observed-socket.js';
import type { ServerObserver } from '../observer/server-observer.js';
import type { SettleOptions } from '../settle/settle.js';

/** Event names and their listeners, as Socket.IO types them. */
export interface EventsMap {
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of Socket.IO's own EventsMap
  [event: string]: any;
}

/** How a client connects; beside these, every option of socket.io-client. */
export interface ConnectOptions<ServerToClient extends EventsMap = EventsMap> extends Partial<
  ManagerOptions & SocketOptions
> {
  /**
   * What the client is called in failures and log entries.
   *
   * @default 'client-1', 'client-2', …
   */
  name?: string;
  /** @default '/' */
  namespace?: string;
  /**
   * Give `['polling', 'websocket']` for a client that upgrades.
   *
   * @default ['websocket']
   */
  transports?: ('polling' | 'websocket')[];
  /**
   * Until when `connect` waits: until every `handleConnection` has settled, or only until the wire is up, for
   * a hook that itself waits for the client.
   *
   * @default 'handled'
   */
  until?: 'handled' | 'connected';
  /** Listeners that are there before the connection is, to answer what the server asks in `handleConnection`. */
  on?: Partial<ServerToClient>;
  /**
   * The port that the gateway declares, for one with a port of its own: `@WebSocketGateway(8080)`.
   *
   * @default the app's own
   */
  gatewayPort?: number;
  /**
   * How long to wait for the connection, and later for each event and ack, in milliseconds.
   *
   * @default the app's `timeout`
   */
  timeout?: number;
}

/** What a client needs of the app that it is connected to. */
export interface ClientContext {
  readonly activity: Activity;
  readonly observer: ServerObserver;
  readonly logs: LogCapture;
  settle(options: SettleOptions): Promise<void>;
}

/** A real socket.io-client, whose inbox is open before the connection is. `app.connect()` makes one. */
export class TestClient<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> {
  /** The socket.io-client socket itself. */
  readonly socket: Socket<ServerToClient, ClientToServer>;
  readonly name: string;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;
  /** @internal */
  readonly inbox: Inbox;

  private readonly context: ClientContext;
  private serverEnd: ObservedSocket | undefined;
  private lastId: string | undefined;
  private lastReason: string | undefined;

  /** @internal */
  constructor(
    url: string,
    context: ClientContext,
    { name, timeout, on, ...options }: ConnectOptions<ServerToClient> & { name: string; timeout: number },
  ) {
    this.context = context;
    this.name = name;
    this.timeout = timeout;
    this.inbox = new Inbox(() => context.activity.changed());
    this.socket = io(url, { ...options, forceNew: true, autoConnect: false, useNativeTimers: true });
    this.listen(on ?? {});
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

  /** The transport in use: `websocket` or `polling`. */
  get transport(): string | undefined {
    return this.socket.io.engine?.transport.name;
  }

  /**
   * Sends an event.
   *
   * @throws ClientGoneError when the client is not connected: Socket.IO would keep the event for later
   */
  readonly emit: Socket<ServerToClient, ClientToServer>['emit'] = (event, ...args) => {
    this.assertConnected(`${this.name} was to emit ${showEvent(String(event), args)}`);
    return this.socket.emit(event, ...args);
  };

  /**
   * Sends an event and waits for its ack.
   *
   * @returns what the server acknowledged it with
   * @throws DeadlineError when no ack has come within the client's `timeout`
   * @throws ClientGoneError when the client is not connected, or loses its connection meanwhile
   */
  readonly emitWithAck: Socket<ServerToClient, ClientToServer>['emitWithAck'] = async (event, ...args) => {
    const wanted = `${this.name} emitted ${showEvent(String(event), args)} and waited for its ack`;
    this.assertConnected(wanted);
    const ack = this.socket.emitWithAck(event, ...args);
    try {
      const answer = await within(ack, this.timeout);
      if (answer !== EXPIRED) return answer;
    } catch (error) {
      this.assertConnected(wanted);
      throw error;
    }
    throw new DeadlineError(`${wanted}, which did not come`, this.timeout, {
      ...this.circumstances(),
      note: this.context.activity.idle()
        ? 'No handler is running: it returned nothing, a middleware refused the event, or nobody handles it.'
        : undefined,
    });
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
    { timeout = this.timeout }: { timeout?: number } = {},
  ): Promise<Parameters<ServerToClient[Event]>> {
    const received = await this.take((candidate) => candidate.event === event, timeout);
    if (received === EXPIRED) {
      throw new DeadlineError(
        `${this.name} did not receive ${showEvent(event)}`,
        timeout,
        this.circumstances(),
      );
    }
    if (received === GONE) this.assertConnected(`${this.name} waited for ${showEvent(event)}`);
    return (received as ReceivedEvent).args as Parameters<ServerToClient[Event]>;
  }

  /**
   * The arguments of every event of that name so far, read or not, oldest first. After `settle()` it is exact.
   */
  received<Event extends Extract<keyof ServerToClient, string>>(
    event: Event,
  ): Parameters<ServerToClient[Event]>[] {
    const events = this.inbox.events.filter((received) => received.event === event);
    return events.map(({ args }) => args as Parameters<ServerToClient[Event]>);
  }

  /**
   * Leaves, and resolves when the server's `handleDisconnect` has settled.
   *
   * @throws HookError when `handleDisconnect` failed
   * @throws DeadlineError when the server has not noticed in time, or the hook has not settled
   */
  async disconnect(): Promise<void> {
    this.socket.disconnect();
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
    this.throwFailedHook();
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
  ): Promise<ReceivedEvent | typeof GONE | typeof EXPIRED> {
    return this.context.activity.until(
      () => this.inbox.take(matches) ?? (this.isGone ? GONE : undefined),
      timeout,
    );
  }

  /** @internal Lets the app settle. */
  settle(): Promise<void> {
    return this.context.settle({ timeout: this.timeout });
  }

  /** @internal What is known that may explain why something did not come, for a failure's text. */
  circumstances(): Record<string, readonly string[]> {
    const { activity, logs } = this.context;
    return {
      'received and unread': this.inbox.unread.map(({ event, args }) => showEvent(event, args)),
      'still in flight': activity.work.map(showWork),
      'the server logged': logs.errors.slice(-5).map(showLog),
    };
  }

  /** @internal Connects the wire. @returns the error that Socket.IO reported instead */
  async open(): Promise<Error | typeof EXPIRED | undefined> {
    let report: (error?: Error) => void;
    const outcome = new Promise<Error | undefined>((resolve) => {
      report = resolve;
    });
    const onConnect = (): void => report();
    const onError = (error: Error): void => report(error);
    this.untyped.once('connect', onConnect);
    this.untyped.once('connect_error', onError);
    this.untyped.connect();
    try {
      return await within(outcome, this.timeout);
    } finally {
      this.untyped.off('connect', onConnect);
      this.untyped.off('connect_error', onError);
    }
  }

  /** @internal Resolves when every `handleConnection` has settled and the client has what they sent. */
  async handled(): Promise<typeof EXPIRED | void> {
    const end = this.serverEnd;
    if (!end) return;
    const settled = await this.context.activity.until(() => end.hooksSettled || undefined, this.timeout);
    if (settled === EXPIRED) return EXPIRED;
    if (end.untouched) return;
    if ((await within(this.fenceToClient(), this.timeout)) === EXPIRED) return EXPIRED;
    // A connection that a hook has closed carries no fence.
    if ((await this.context.activity.until(() => this.agrees() || undefined, this.timeout)) === EXPIRED)
      return EXPIRED;
  }

  /** @internal Leaves, whatever the hooks do: for a client whose connection came to nothing. */
  async abandon(): Promise<void> {
    this.socket.disconnect();
    await this.context.activity.until(() => this.agrees() || undefined, this.timeout);
  }

  /** @internal Throws, once, what a hook threw for this client. */
  throwFailedHook(): void {
    const failure = this.serverEnd?.failures.shift();
    if (!failure) return;
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
    if (this.socket.active && !this.connected) return false;
    return !this.serverEnd || this.serverEnd.socket.connected === this.connected;
  }

  /** The socket without its user's event types, among which Socket.IO's own events cannot be named. */
  private get untyped(): Socket {
    return this.socket;
  }

  /** Whether it is disconnected and will not connect again by itself. */
  private get isGone(): boolean {
    return !this.connected && !this.socket.active;
  }

  private wire(): { client: ClientEnd; server: ServerEnd } | undefined {
    if (!this.serverEnd) return undefined;
    return {
      client: this.socket.io.engine as unknown as ClientEnd,
      server: this.serverEnd.socket.conn as unknown as ServerEnd,
    };
  }

  private listen(listeners: Partial<ServerToClient>): void {
    const { activity, observer } = this.context;
    const socket = this.untyped;
    socket.onAny((event: string, ...args: unknown[]) => {
      this.claimServerEnd();
      this.inbox.put(event, this.withoutOffset(args));
    });
    socket.io.on('open', () => {
      const engine = socket.io.engine;
      const { id } = engine as unknown as { id: string };
      observer.clientNames.set(id, this.name);
      engine.on('close', () => observer.clientNames.delete(id));
      engine.on('packet', ({ type }) => {
        if (type === 'message') activity.moved();
      });
    });
    socket.on('connect', () => {
      this.lastId = socket.id;
      this.claimServerEnd();
      activity.moved();
    });
    socket.on('disconnect', (reason) => {
      this.lastReason = reason;
      activity.moved();
    });
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  }

  /** What the server's hooks sent comes before Socket.IO's own `connect` event. */
  private claimServerEnd(): void {
    if (this.socket.id !== undefined && this.serverEnd?.socket.id !== this.socket.id) {
      this.serverEnd = this.context.observer.claim(this.socket.id);
    }
  }

  /**
   * An event's arguments as the app sent them. With connection state recovery Socket.IO appends an offset to
   * those that it keeps for a client that comes back, and every listener on the client gets to see it.
   */
  private withoutOffset(args: readonly unknown[]): readonly unknown[] {
    const adapter = this.serverEnd?.socket.nsp.adapter as { packets?: { id: string }[] } | undefined;
    const isOffset = adapter?.packets?.some(({ id }) => id === args.at(-1)) ?? false;
    return isOffset ? args.slice(0, -1) : args;
  }

  private assertConnected(wanted: string): void {
    if (this.connected) return;
    throw new ClientGoneError(
      this.name,
      this.lastReason ?? 'it never was connected',
      wanted,
      this.circumstances(),
    );
  }
}

/** Answer of a wait for a client that is disconnected for good. */
export const GONE = Symbol('gone');
