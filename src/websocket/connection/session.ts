import { AsyncResource } from 'node:async_hooks';
import type { Subscription } from 'rxjs';
import type { Ack, Routes } from '../dispatch/message-handler.js';
import { Message, type Dispatch, type Sender } from '../dispatch/message.js';
import { INTERNAL_ERROR, errorAnswer, type ErrorAnswer } from '../errors/error-answer.js';
import { callListeners, guardedCall, type Listener } from '../errors/guarded-call.js';
import { logFailure, logListenerFailure } from '../errors/report-error.js';
import { flowOf } from '../flow/connection-flow.js';
import type { Gateway } from '../nest/gateway.js';
import type { Socket } from '../socket-io/socket.io.js';
import { emitError } from '../socket-io/socket-internals.js';
import { failureOfEvent, logIfFault } from './middlewares.js';

const UNKNOWN_EVENT = errorAnswer('UNKNOWN_EVENT', 'No handler for this event');

/** The memory that a held event takes in addition to its data, in bytes. */
const HELD_OVERHEAD = 300;

/** The events that wait for their handlers until the client is set up. */
interface Held {
  readonly messages: { readonly message: Message; readonly scope: AsyncResource }[];
  bytes: number;
  /** The number of calls of `hold` that are not released yet. */
  holds: number;
}

/** The gateways that serve a client, and what they handle. */
export interface Service {
  readonly gateways: readonly Gateway[];
  readonly routes: Routes;
  /** The listener for each event. All sockets share it, so that a connection needs no closures. */
  readonly listeners: ReadonlyMap<string, Listener>;
}

const NO_SERVICE: Service = { gateways: [], routes: new Map(), listeners: new Map() };

/**
 * A client's connection to one namespace. Each event passes the listeners of `onAny`, the middlewares of `socket.use`,
 * and then the socket's listeners: those of the app and the handlers, which answer.
 */
export class Session implements Sender {
  private service = NO_SERVICE;
  private held: Held | undefined;
  /** The size of the event that is being delivered, in bytes. */
  private bytes = 0;
  private setUps = 0;
  private streams: Set<Subscription> | undefined;
  /** Why it has ended; undefined until then. */
  private closed: string | undefined;

  constructor(
    readonly socket: Socket,
    readonly dispatch: Dispatch,
    /** Called when it has ended and no gateway is still setting it up. */
    private readonly onEnd: (session: Session, reason: string) => void,
  ) {}

  /**
   * Adds the handlers of gateways. A namespace may have some gateways by its name and others by a pattern. The handlers
   * are listeners of the socket, so that tools that trace or replace listeners find them.
   */
  serve(service: Service): void {
    const known = this.service;
    this.service = known === NO_SERVICE ? service : joined(known, service);
    for (const [event, listener] of service.listeners) if (!known.listeners.has(event)) this.socket.on(event, listener);
  }

  get isOver(): boolean {
    return this.closed !== undefined;
  }

  get gateways(): readonly Gateway[] {
    return this.service.gateways;
  }

  /** Call this when gateways begin to set it up. If it ends meanwhile, `onEnd` is called after `endSetUp`. */
  beginSetUp(): void {
    this.setUps += 1;
  }

  endSetUp(): void {
    this.setUps -= 1;
    if (this.closed !== undefined) this.tellEnd(this.closed);
  }

  /** Holds events for handlers until each `hold` has its `release`, or until `drop`. */
  hold(): void {
    (this.held ??= { messages: [], bytes: 0, holds: 0 }).holds += 1;
  }

  release(): void {
    if (!this.held || (this.held.holds -= 1) > 0) return;
    // An earlier message may have disconnected the client.
    for (const { message, scope } of this.takeHeld()) if (!this.isOver) scope.runInAsyncScope(() => message.run());
  }

  /** Answers all held events with an error, and does not run their handlers. */
  drop(reason: ErrorAnswer): void {
    for (const { message } of this.takeHeld()) message.refuse(reason);
  }

  receive(event: readonly unknown[], bytes?: number, ack?: Ack, refusal?: Error | null): void {
    const { socket } = this;
    const conclude = (): void => {
      if (refusal) this.deny(refusal, String(event[0]), ack);
      else if (socket.connected) this.deliver(event, bytes);
    };
    // As in Socket.IO, an event that arrives together with the client's disconnect is not handled. An event that flow
    // control has held arrived earlier, and is handled.
    if (flowOf(socket.conn)?.isCatchingUp) conclude();
    else process.nextTick(conclude);
  }

  add(stream: Subscription): void {
    if (this.isOver) return this.unsubscribe(stream);
    const streams = (this.streams ??= new Set());
    streams.add(stream);
    stream.add(() => streams.delete(stream));
  }

  /** Called when the socket has disconnected. */
  close(reason: string): void {
    this.closed = reason;
    for (const stream of this.streams ?? []) this.unsubscribe(stream);
    this.takeHeld();
    this.tellEnd(reason);
  }

  private tellEnd(reason: string): void {
    if (this.setUps === 0) this.onEnd(this, reason);
  }

  /** The teardown of an Observable is code of the app, and may throw. */
  private unsubscribe(stream: Subscription): void {
    guardedCall(
      () => stream.unsubscribe(),
      (error) => logFailure(`The end of an Observable failed on client ${this.socket.id}`, error),
    );
  }

  private deliver(event: readonly unknown[], bytes = 0): void {
    const { socket } = this;
    const name = String(event[0]);
    const own = this.service.listeners.get(name);
    // Socket.IO itself has a listener for `error` that does nothing.
    const heardBy = socket.listenerCount(name) - (name === 'error' ? 1 : 0);
    this.bytes = bytes;
    if (own && heardBy === 1 && socket.listenerCount(name, own) === 1) return this.handle(name, event, 1);
    const ack = ackIn(event);
    callListeners(socket, name, event.slice(1), (error) => {
      logListenerFailure(socket, name, error);
      if (!own && ack) this.tell(INTERNAL_ERROR, name, ack, error);
    });
    if (heardBy === 0 && ack && socket.listenersAny().length === 0) this.tell(UNKNOWN_EVENT, name, ack);
  }

  /** Runs the handlers of an event. From index `from` on, `sent` has the arguments and, if there is one, the ack. */
  handle(event: string, sent: readonly unknown[], from = 0): void {
    // As in Nest, no handler runs after the client has disconnected.
    if (!this.socket.connected) return;
    const ack = ackIn(sent);
    const args = sent.slice(from, ack ? -1 : undefined);
    const message = new Message(this, event, args, ack, this.service.routes.get(event) ?? []);
    const { held } = this;
    if (!held) return message.run();
    // A held message keeps its own async context, which tracing tools rely on.
    held.messages.push({ message, scope: new AsyncResource('HeldMessage') });
    held.bytes += this.bytes + HELD_OVERHEAD;
    flowOf(this.socket.conn)?.countHeldEvents(this.bytes + HELD_OVERHEAD);
  }

  private takeHeld(): Held['messages'] {
    const { held } = this;
    this.held = undefined;
    if (!held) return [];
    flowOf(this.socket.conn)?.countHeldEvents(-held.bytes);
    return held.messages;
  }

  /** Called when a middleware of `socket.use` has refused an event. The client gets no details of a thrown error. */
  private deny(error: Error, event: string, ack: Ack | undefined): void {
    logIfFault(error);
    emitError(this.socket, error);
    if (this.socket.connected) this.dispatch.failures.tell(this.socket, failureOfEvent(error), event, ack);
  }

  private tell(failure: ErrorAnswer, event: string, ack?: Ack, error?: unknown): void {
    this.dispatch.failures.tell(this.socket, { answer: failure, error }, event, ack);
  }
}

/** For a namespace that has some gateways by its name and others by a pattern. */
function joined(one: Service, other: Service): Service {
  const routes = new Map(one.routes);
  for (const [event, handlers] of other.routes) routes.set(event, [...(routes.get(event) ?? []), ...handlers]);
  return {
    gateways: [...one.gateways, ...other.gateways],
    routes,
    listeners: new Map([...other.listeners, ...one.listeners]),
  };
}

/** A function is always the ack, possibly wrapped by a middleware, because a client cannot send functions. */
function ackIn(args: readonly unknown[]): Ack | undefined {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as Ack) : undefined;
}
