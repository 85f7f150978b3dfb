import type { Socket } from 'socket.io-client';
import type { HookError } from '../report/errors.js';
import type { ObservedSocket } from '../observer/observed-socket.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { fenceToClient, fenceToServer } from '../socket-io/fence.js';
import { expectPingsInRealTime } from '../socket-io/heartbeats.js';
import type { Link } from '../settle/settle.js';
import { ClientTraffic } from './client-traffic.js';
import { noteWebSocket } from '../socket-io/close-websocket.js';
import { Inbox } from './inbox.js';
import type { LinkContext } from './assertion-context.js';
import {
  connectionIdOf,
  namespaceOf,
  observeQueue,
  observeSocket,
  queueOf,
  readyStateOf,
} from '../socket-io/client-socket.js';
import { observeWire } from '../socket-io/wire.js';

/** What a client is called, and how long each of its waits may take, in milliseconds. */
export interface ClientIdentity {
  readonly name: string;
  readonly timeout: number;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
}

/** A client's connection, as both its ends see it. */
export class ClientLink implements Link {
  readonly name: string;
  readonly inbox: Inbox;
  readonly traffic: ClientTraffic;
  /** The socket's id, or its last one; `undefined` while there never was one. */
  lastId: string | undefined;
  /** Why the client was disconnected last, as Socket.IO says it. */
  lastReason: string | undefined;
  /** What ends the work of its listeners that are not through. */
  private readonly listening = new Set<() => void>();

  constructor(
    private readonly socket: Socket,
    private readonly context: LinkContext,
    private readonly identity: ClientIdentity,
  ) {
    this.name = identity.name;
    this.inbox = new Inbox(() => context.activity.changed());
    this.traffic = new ClientTraffic({ name: this.name, namespace: this.namespace }, socket, context);
    if (socket.connected) this.adopt();
    this.listen();
  }

  get namespace(): string {
    return namespaceOf(this.socket);
  }

  /** Whether the client is disconnected and will not connect again by itself. */
  get isGone(): boolean {
    const { socket } = this;
    // After a cut Socket.IO calls it active, also where it is not to reconnect.
    const isLost = !socket.io.reconnection() && readyStateOf(socket) === 'closed' && this.lastReason !== undefined;
    return !socket.connected && (!socket.active || isLost);
  }

  /** The server's end, once there is one; it stays after a disconnection. */
  get serverEnd(): ObservedSocket | undefined {
    return this.traffic.serverEnd;
  }

  /** Whether the client was in its namespace at a moment and, where one is given, in this room; now, where no moment is. */
  wasIn(moment: number | undefined, room?: string): boolean {
    if (moment !== undefined) return this.traffic.serverEnds.some(({ membership }) => membership.wasIn(moment, room));
    return this.socket.connected && (room === undefined || (this.serverEnd?.membership.rooms.has(room) ?? false));
  }

  /** How many events of this name the server has sent and the client has not had. */
  undelivered(event: string): number {
    return this.serverEnd?.undelivered(event) ?? 0;
  }

  /** Connects it. @returns the error that Socket.IO reported instead */
  async open(): Promise<Error | typeof EXPIRED | undefined> {
    const { socket } = this;
    let tell: (error?: Error) => void;
    const outcome = new Promise<Error | undefined>((resolve) => {
      tell = resolve;
    });
    const onConnect = (): void => tell();
    const onError = (error: Error): void => tell(error);
    socket.once('connect', onConnect);
    socket.once('connect_error', onError);
    socket.connect();
    try {
      return await withTimeout(outcome, this.identity.timeout, this.identity.signal);
    } finally {
      socket.off('connect', onConnect);
      socket.off('connect_error', onError);
    }
  }

  /** Resolves when every `handleConnection` has settled and the client has what they sent. */
  async handled(): Promise<typeof EXPIRED | void> {
    const end = this.serverEnd;
    if (!end) return;
    const { activity } = this.context;
    const { timeout, signal } = this.identity;
    const settled = await activity.until(() => end.hooksSettled || undefined, timeout, signal);
    if (settled === EXPIRED) return EXPIRED;
    if (end.untouched) return;
    if ((await withTimeout(this.fenceToClient(), timeout, signal)) === EXPIRED) return EXPIRED;
    // A connection that a hook has closed carries no fence.
    if ((await activity.until(() => this.agrees() || undefined, timeout, signal)) === EXPIRED) return EXPIRED;
  }

  /** Leaves, whatever the hooks do: for a client whose connection came to nothing. */
  async abandon(): Promise<void> {
    this.socket.disconnect();
    this.giveUpListeners();
    await this.context.activity.until(() => this.agrees() || undefined, this.identity.timeout);
  }

  /** The client has gone: its listeners may wait for what nobody does any more. */
  giveUpListeners(): void {
    for (const end of this.listening) end();
  }

  /** Throws, once, what a hook threw for this client. */
  throwFailedHook(which: (failure: HookError) => boolean = () => true): void {
    const failures = this.serverEnd?.failures ?? [];
    const failure = failures.find(which);
    if (!failure) return;
    failures.splice(failures.indexOf(failure), 1);
    this.context.observer.failures.delete(failure);
    throw failure;
  }

  async fenceToServer(): Promise<void> {
    if (this.serverEnd) await fenceToServer(this.socket.io.engine, this.serverEnd.socket.conn);
  }

  async fenceToClient(): Promise<void> {
    if (this.serverEnd) await fenceToClient(this.socket.io.engine, this.serverEnd.socket.conn);
  }

  agrees(): boolean {
    const { connected } = this.socket;
    if (!connected && !this.isGone) return false;
    // By its option `retries`, one waits for the ack of the one before.
    if (connected && queueOf(this.socket).length > 0) return false;
    return !this.serverEnd || this.serverEnd.socket.connected === connected;
  }

  private listen(): void {
    const { name, socket } = this;
    const { activity, observer, record } = this.context;
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
        if (this.isGone) this.giveUpListeners();
        record({ kind: 'disconnected', client: name, end: 'client', reason });
        activity.moved();
      },
      onEvent: (event, args) => {
        const isHeard = socket.hasListeners(event) || socket.listenersAny().length > 0;
        const arrival = this.traffic.nextArrival();
        this.inbox.put({ event, args: this.traffic.withoutOffset(args), isHeard, ...arrival });
      },
      onResult: (event, result) => {
        if (!(result instanceof Promise) || this.isGone) return;
        // It may yet answer. What it rejects with stays unhandled, as of any listener.
        const end = activity.begin(`the listener of "${event}"`, { client: name });
        this.listening.add(end);
        void result.finally(() => {
          this.listening.delete(end);
          end();
        });
      },
    });
    const noteConnection = (): void => {
      const { engine } = socket.io;
      expectPingsInRealTime(engine);
      noteWebSocket(engine);
      engine.on('close', observer.noteClient(connectionIdOf(socket), this.namespace, name));
      engine.on('packet', ({ type }) => {
        if (type === 'message') activity.moved();
      });
    };
    socket.io.on('open', noteConnection);
    if (readyStateOf(socket) === 'open') noteConnection();
  }

  /** Takes over the server's end of a socket that was connected before the harness knew it. */
  private adopt(): void {
    this.lastId = this.socket.id;
    const end = this.context.observer.adopt(this.socket.id!, this.name);
    if (!end) throw new TypeError(`${this.name} is connected to another server than that of this app.`);
    this.traffic.serverEnds.push(end);
  }
}
