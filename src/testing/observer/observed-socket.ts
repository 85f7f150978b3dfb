import type { Socket } from '../../websocket/index.js';
import type { HookError } from '../report/errors.js';
import { readable, format } from '../report/format.js';
import { isOffset } from '../socket-io/recovery-offset.js';
import { aroundMiddlewares } from '../socket-io/server-internals.js';
import type { Recorder } from '../timeline/timeline.js';
import type { Expired } from '../timing/deadline.js';
import { EXPIRED } from '../timing/deadline.js';
import { Membership, nextMoment } from './membership.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import type { ObservedApp } from './observed-app.js';
import type { ObservedConnection } from './observed-connection.js';
import type { Refusals } from './refused-events.js';
import type { Origin, Patience, ServerEnd } from './server-end.js';
import { takeFrom, type OnItsWay } from './in-transit.js';

/** The view of one app that its observers share. */
export interface Seen {
  readonly app: ObservedApp;
  readonly refusals: Refusals;
  /** Failures of hooks that the app does not catch and that are not reported yet. */
  readonly failures: Set<HookError>;
  /** The observed socket of a connection; `undefined` for a connection of another app. */
  of(socket: Socket): ObservedSocket | undefined;
  /** The connection that carries a socket. */
  connectionOf(socket: Socket): ObservedConnection;
}

/** How many events the servers of all apps have sent to clients. An event counts once per client. */
export let sentToClients = 0;

/** A client's connection to a namespace, as the server sees it. */
export class ObservedSocket implements ServerEnd {
  /** Failures of hooks for this client that are not reported yet. */
  readonly failures: HookError[] = [];
  /** The rooms that it is in and was in, except its own, according to the adapter's events. */
  readonly membership = new Membership();
  /** The server's reason for the disconnection. */
  disconnectReason: string | undefined;
  /** What made the server disconnect it, if that is known. */
  disconnectCause: Cause | undefined;
  /** Whether it is disconnecting, and Socket.IO is taking it out of its rooms. */
  leaving = false;
  /** The timeline entry of its disconnection, once it is disconnected. */
  disconnection: number | undefined;
  /** Functions that end work which must be waited for only while the client is connected. */
  private readonly whileConnected = new Set<() => void>();
  /** Failed hooks that may be called again: functions that end the wait for the next call. */
  private readonly retries = new Map<string, () => void>();
  private pendingHooks = 0;
  private readonly over: ObservedConnection;
  /** How many packets the server had sent before on the connection. */
  private readonly sentBefore: number;
  /** What the client has sent and the server has not received; a connection keeps its order. */
  private readonly toServer: OnItsWay[] = [];
  private readonly toClient: OnItsWay[] = [];
  /** How many events of each name the client missed although it received later ones. */
  private readonly lost = new Map<string, number>();

  constructor(
    readonly socket: Socket,
    /** The client's name, or the socket's id if it is not one of the test's clients. */
    public name: string,
    /** Whether it is one of the test's clients. */
    public isOwn: boolean,
    /** The timeline entry of its connection. */
    readonly connection: number,
    private readonly seen: Seen,
  ) {
    const { record } = seen.app;
    this.over = seen.connectionOf(socket);
    this.sentBefore = this.over.packetsSent;
    const noteUpgrade = (transport: string): void => void record({ kind: 'upgraded', client: this.name, transport });
    this.over.onUpgraded.add(noteUpgrade);
    socket.onAnyOutgoing((event: string, ...args: unknown[]) => {
      sentToClients += 1;
      if (this.isOwn) this.toClient.push({ event, cause: executionContext.getStore()?.cause, sentAt: nextMoment() });
      else this.recordForeign('received', event, args);
    });
    socket.once('disconnect', () => {
      this.over.onUpgraded.delete(noteUpgrade);
      for (const end of this.whileConnected) end();
    });
    this.observePackets();
  }

  /** Makes it one of the test's clients. */
  adopt(name: string): void {
    this.name = name;
    this.isOwn = true;
  }

  get node(): object {
    return this.seen;
  }

  get record(): Recorder {
    return this.seen.app.record;
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  get conn(): Socket['conn'] {
    return this.socket.conn;
  }

  /** Whether every hook that was called for it has settled. */
  get hooksSettled(): boolean {
    return this.pendingHooks === 0;
  }

  async whenHandled({ timeout, signal }: Patience): Promise<boolean | Expired> {
    const { activity } = this.seen.app;
    const settled = await activity.until(() => this.hooksSettled || undefined, timeout, signal);
    return settled === EXPIRED ? EXPIRED : this.over.packetsSent > this.sentBefore || !this.socket.connected;
  }

  whenLeft({ timeout, signal }: Patience): Promise<true | Expired> {
    const { activity } = this.seen.app;
    return activity.until(() => (!this.socket.connected && this.hooksSettled) || undefined, timeout, signal);
  }

  drop(): void {
    this.socket.disconnect(true);
  }

  /** Records work for the client. @returns the function that ends it */
  begin(what: string, options: { stream?: boolean } = {}): () => void {
    return this.seen.app.activity.begin(what, { client: this.name, ...options });
  }

  /** Records that a hook runs. @returns the function that ends it, to be called once */
  beginHook(hook: string): () => void {
    this.pendingHooks += 1;
    const end = this.begin(hook);
    return () => {
      this.pendingHooks -= 1;
      end();
    };
  }

  /** Records that a hook has failed, and that the module may call it again while the client is connected. */
  expectRetry(hook: string): void {
    if (this.socket.connected) this.retries.set(hook, this.beginWhileConnected(`another try of ${hook}`));
  }

  endRetry(hook: string): void {
    this.retries.get(hook)?.();
  }

  noteSent(event: string, entry: number): void {
    this.toServer.push({ event, cause: { client: this.name, event, entry } });
  }

  traceReceived(event: string, onKnown: (origin: Origin) => void): void {
    const origin = takeFrom(this.toClient, event, ({ event: name }) =>
      this.lost.set(name, (this.lost.get(name) ?? 0) + 1),
    );
    if (origin) onKnown(origin);
  }

  isOffset(value: unknown): boolean {
    return isOffset(this.socket.nsp, value);
  }

  undelivered(event: string): number {
    return (this.lost.get(event) ?? 0) + this.toClient.filter((sent) => sent.event === event).length;
  }

  /** The context for what a client's event sets off. If a middleware renamed it, the cause is the event as sent. */
  contextOf(event: string): ExecutionContext {
    const running = executionContext.getStore()?.cause;
    const cause = running?.client === this.name ? running : { client: this.name, event };
    return { app: this.seen.app.identity, cause };
  }

  /** Records that a handler has processed an event. */
  noteHandled(event: string, took: number): void {
    const { cause } = this.contextOf(event);
    this.seen.app.record({ kind: 'handled', client: this.name, namespace: this.socket.nsp.name, event, took }, cause);
  }

  noteFailure(failure: HookError): void {
    const { app, failures } = this.seen;
    this.failures.push(failure);
    // The app logs a contained failure, and the test can declare it there.
    if (!failure.isContained) failures.add(failure);
    const { hook: what, client, cause } = failure;
    const [text = ''] = failure.message.split('\n');
    const stack = cause instanceof Error ? cause.stack : undefined;
    app.onFailure?.(failure, this.socket);
    app.record({ kind: 'failed', what, client, text, stack });
    app.activity.changed();
  }

  /**
   * Records that a client's event was refused. It ignores clients that the harness did not open, and failures that an
   * event of another client caused.
   */
  noteRefusal(cause: Cause | undefined, error: unknown, by?: string): void {
    const isOfTest = this.isOwn || this.seen.app.isApart;
    if (!isOfTest || cause?.entry === undefined || cause.client !== this.name) return;
    const { client, event, entry } = cause;
    const isFiltered = error instanceof Error && error.name === 'FilteredError';
    this.seen.refusals.note({ client, event, entry, isFiltered, by, reason: readable(() => reasonOf(error)) });
  }

  /** A packet is in flight while asynchronous middlewares of `socket.use` hold it. It is the cause of what they do. */
  private observePackets(): void {
    const { identity, onArrival } = this.seen.app;
    const namespace = this.socket.nsp.name;
    aroundMiddlewares(this.socket, (run) => (packet, next) => {
      const [event, ...args] = packet;
      // A middleware may drop a packet by never calling next().
      const end = this.beginWhileConnected(`socket.use for "${event}"`);
      // A middleware may call next() from any context; what follows still has this packet as its cause.
      const cause = this.causeOfArrival(event, args);
      const context = { app: identity, cause };
      executionContext.run(context, () =>
        run(packet, (error) => {
          end();
          if (error) this.noteRefusal(cause, error, 'a middleware of socket.use');
          else if (this.socket.connected) {
            // A middleware may have renamed the event.
            if (!this.isHeard(packet[0])) this.noteRefusal(cause, 'there is no handler for it');
            onArrival?.({ namespace, event, asksAck: typeof args.at(-1) === 'function' });
          }
          executionContext.run(context, () => next(error));
        }),
      );
    });
  }

  private beginWhileConnected(what: string): () => void {
    const end = this.begin(what);
    this.whileConnected.add(end);
    return () => {
      this.whileConnected.delete(end);
      end();
    };
  }

  private isHeard(event: string): boolean {
    return this.socket.listenerCount(event) > 0 || this.socket.listenersAny().length > 0;
  }

  private causeOfArrival(event: string, args: readonly unknown[]): Cause {
    if (!this.isOwn) {
      const entry = this.recordForeign('sent', event, args);
      return { client: this.name, event, entry };
    }
    return takeFrom(this.toServer, event)?.cause ?? { client: this.name, event };
  }

  /** Records an event of a client that the harness did not open. @returns its entry in the timeline */
  private recordForeign(kind: 'sent' | 'received', event: string, given: readonly unknown[]): number {
    const asksAck = typeof given.at(-1) === 'function';
    const args = asksAck ? given.slice(0, -1) : given;
    return this.seen.app.record({ kind, client: this.name, namespace: this.socket.nsp.name, event, args, asksAck });
  }
}

/** For an error that an exception filter or a middleware wrapped, the reason is that of the original error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : format(error);
  const isWrapped = ['FilteredError', 'MiddlewareError'].includes(error.name) && error.cause !== undefined;
  const { message }: { message: unknown } = error;
  return isWrapped ? reasonOf(error.cause) : String(message);
}
