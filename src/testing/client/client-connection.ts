import type { Socket } from 'socket.io-client';
import type { HookError } from '../report/errors.js';
import type { ServerEnd } from '../observer/server-end.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { fenceToClient, fenceToServer } from '../socket-io/fence.js';
import { expectPingsInRealTime } from '../socket-io/heartbeats.js';
import type { Connection } from '../settle/settle.js';
import { ClientTraffic } from './client-traffic.js';
import { noteWebSocket } from '../socket-io/close-websocket.js';
import type { Link } from '../link/link.js';
import { Inbox } from './inbox.js';
import type { ConnectionContext } from './assertion-context.js';
import {
  connectionIdOf,
  namespaceOf,
  observeQueue,
  observeSocket,
  queueOf,
  readyStateOf,
} from '../socket-io/client-internals.js';
import { observeWire } from '../socket-io/observe-packets.js';

/** A client's name, and how long each of its waits may take, in milliseconds. */
export interface ClientIdentity {
  readonly name: string;
  readonly timeout: number;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
  /** Its connections, if the harness opens them. */
  readonly link?: Link;
}

/** How long the server may take to notice that a link was cut after a test, in milliseconds. */
const LEAVING = 100;

/** A client's connection, as both ends see it. */
export class ClientConnection implements Connection {
  readonly name: string;
  readonly link: Link | undefined;
  readonly inbox: Inbox;
  readonly traffic: ClientTraffic;
  /** The socket's latest id; `undefined` if it never had one. */
  lastId: string | undefined;
  /** Socket.IO's reason for the client's latest disconnect. */
  lastReason: string | undefined;
  /** Functions that end the work of listeners that have not finished. */
  private readonly listening = new Set<() => void>();

  constructor(
    private readonly socket: Socket,
    private readonly context: ConnectionContext,
    private readonly identity: ClientIdentity,
  ) {
    this.name = identity.name;
    this.link = identity.link;
    this.inbox = new Inbox(() => context.activity.changed());
    this.traffic = new ClientTraffic({ client: this.name, namespace: this.namespace }, socket, context);
    if (socket.connected) this.adopt();
    this.listen();
  }

  get namespace(): string {
    return namespaceOf(this.socket);
  }

  /** Whether the client is disconnected and will not reconnect by itself. */
  get isGone(): boolean {
    const { socket } = this;
    // After a lost connection, Socket.IO reports the socket as active even when it will not reconnect.
    const isLost = !socket.io.reconnection() && readyStateOf(socket) === 'closed' && this.lastReason !== undefined;
    return !socket.connected && (!socket.active || isLost);
  }

  /** The server's end, once it exists. It stays after a disconnect. */
  get serverEnd(): ServerEnd | undefined {
    return this.traffic.serverEnd;
  }

  /** Whether the client was in its namespace, and in the room if one is given. Without a moment: whether it is now. */
  wasIn(moment: number | undefined, room?: string): boolean {
    if (moment !== undefined) return this.traffic.serverEnds.some(({ membership }) => membership.wasIn(moment, room));
    return this.socket.connected && (room === undefined || (this.serverEnd?.membership.rooms.has(room) ?? false));
  }

  /** Connects the client. @returns the error that Socket.IO reports, if any, or `EXPIRED` */
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

  /** Resolves when every `handleConnection` has settled and the client has received what they sent. */
  async handled(): Promise<typeof EXPIRED | void> {
    const end = this.serverEnd;
    if (!end) return;
    const { activity } = this.context;
    const { timeout, signal } = this.identity;
    const touched = await end.whenHandled({ timeout, signal });
    if (touched === EXPIRED) return EXPIRED;
    if (!touched) return;
    if ((await withTimeout(this.fenceToClient(), timeout, signal)) === EXPIRED) return EXPIRED;
    // No fence can pass a connection that a hook has closed.
    if ((await activity.until(() => this.agrees() || undefined, timeout, signal)) === EXPIRED) return EXPIRED;
  }

  /** Disconnects a client that failed to connect, without waiting for the hooks. */
  async abandon(): Promise<void> {
    this.socket.disconnect();
    this.giveUpListeners();
    await this.context.activity.until(() => this.agrees() || undefined, this.identity.timeout);
  }

  /** Stops waiting for the listeners of a client that is gone: they may never finish. */
  giveUpListeners(): void {
    for (const end of this.listening) end();
  }

  /** Throws the error of a hook that failed for this client. Each error is thrown once. */
  throwFailedHook(which: (failure: HookError) => boolean = () => true): void {
    const failures = this.serverEnd?.failures ?? [];
    const failure = failures.find(which);
    if (!failure) return;
    failures.splice(failures.indexOf(failure), 1);
    this.context.observer.failures.delete(failure);
    throw failure;
  }

  async fenceToServer(): Promise<void> {
    if (this.serverEnd) await fenceToServer(this.socket.io.engine, this.serverEnd.conn);
  }

  async fenceToClient(): Promise<void> {
    if (this.serverEnd) await fenceToClient(this.socket.io.engine, this.serverEnd.conn);
  }

  agrees(): boolean {
    const { connected } = this.socket;
    if (!connected && !this.isGone) return false;
    // With the option `retries`, each event waits for the ack of the one before it.
    if (connected && queueOf(this.socket).length > 0) return false;
    return !this.serverEnd || this.serverEnd.connected === connected;
  }

  /** Ends the faults of its link after a test. A server that has not noticed a disconnection gets told. */
  async releaseLink(): Promise<void> {
    const { link, serverEnd: end } = this;
    link?.release();
    if (!link?.wasFaulty || !end) return;
    const agree = (): true | undefined => this.socket.connected === end.connected || undefined;
    if ((await this.context.activity.until(agree, LEAVING)) === EXPIRED) end.drop();
  }

  get faults(): readonly string[] {
    return this.link?.faults ?? [];
  }

  private listen(): void {
    const { name, socket } = this;
    const { activity, observer } = this.context;
    const witness = this.context.witnessFor(socket, name);
    observeWire(socket, this.traffic);
    observeQueue(socket, () => activity.changed());
    observeSocket(socket, {
      onConnect: () => {
        this.lastId = socket.id;
        witness?.connected();
        activity.moved();
      },
      onDisconnect: (reason) => {
        this.lastReason = reason;
        this.traffic.giveUpAcks();
        if (this.isGone) this.giveUpListeners();
        this.traffic.record({ kind: 'disconnected', client: name, end: 'client', reason });
        witness?.disconnected(reason);
        activity.moved();
      },
      onEvent: (event, args) => {
        const isHeard = socket.hasListeners(event) || socket.listenersAny().length > 0;
        const received = { event, args: this.traffic.withoutOffset(args), isHeard };
        this.inbox.put(Object.assign(this.traffic.nextArrival(), received));
        witness?.received(event, received.args);
      },
      onResult: (event, result) => {
        if (!(result instanceof Promise) || this.isGone) return;
        // The listener may still send something. Its rejection stays unhandled, as with any listener.
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

  /** Finds the server's end of a socket that connected before the harness knew it. */
  private adopt(): void {
    this.lastId = this.socket.id;
    const end = this.context.observer.adopt(this.socket.id!, this.name);
    if (!end) throw new TypeError(`${this.name} is connected to another server than that of this app.`);
    this.traffic.serverEnds.push(end);
  }
}
