import { AsyncResource } from 'node:async_hooks';
import type { Subscription } from 'rxjs';
import type { Ack, Routes } from '../dispatch/message-handler.js';
import { Message, type Dispatch, type Sender } from '../dispatch/message.js';
import { INTERNAL_ERROR, errorAnswer, type ErrorAnswer } from '../errors/error-answer.js';
import { callEach, callListeners, guardedCall, type Listener } from '../errors/guarded-call.js';
import { logFailure, logListenerFailure } from '../errors/report-error.js';
import { flowOf } from '../flow/connection-flow.js';
import type { EventPacket } from '../socket-io/packet.js';
import type { Gateway } from '../nest/gateway.js';
import type { Socket } from '../socket-io/socket.io.js';
import { ackOf, anyListenersOf, emitError, runMiddlewares } from '../socket-io/socket-internals.js';
import { listenerOf } from '../socket-io/guarded-socket.js';
import { failureOfEvent, logIfFault } from './middlewares.js';

const UNKNOWN_EVENT = errorAnswer('UNKNOWN_EVENT', 'No handler for this event');

/** What an event that is held takes of memory beside its data, in bytes. */
const HELD_OVERHEAD = 300;

/** What the handlers of a client are to get when it is set up. */
interface Held {
  readonly messages: { readonly message: Message; readonly scope: AsyncResource }[];
  bytes: number;
  /** How often it is held, and not released. */
  holds: number;
}

/** The gateways that a client is served by, and what they handle. */
export interface Service {
  readonly gateways: readonly Gateway[];
  readonly routes: Routes;
  /** What listens to each event, the same for all sockets, so that a connection costs no closures. */
  readonly listeners: ReadonlyMap<string, Listener>;
}

const NO_SERVICE: Service = { gateways: [], routes: new Map(), listeners: new Map() };

/**
 * A client's connection to one namespace. Each of its events goes: the listeners of `onAny`, the middlewares of
 * `socket.use`, raw listeners, then the handlers, which answer.
 */
export class Session implements Sender {
  private service = NO_SERVICE;
  private held: Held | undefined;
  /** The size of the event that is being delivered. */
  private bytes = 0;
  private setUps = 0;
  private streams: Set<Subscription> | undefined;
  /** Why it is over. */
  private closed: string | undefined;

  constructor(
    readonly socket: Socket,
    readonly dispatch: Dispatch,
    /** It is over, and none of its gateways is still setting it up. */
    private readonly onEnd: (session: Session, reason: string) => void,
  ) {}

  /**
   * Lets its events reach the handlers of gateways; a namespace may have some by its name and some by a pattern. The
   * handlers are listeners of the socket, where whatever traces or replaces the socket's events finds them.
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

  /** Its gateways begin to set it up: whatever becomes of it meanwhile, its end is told after that. */
  beginSetUp(): void {
    this.setUps += 1;
  }

  endSetUp(): void {
    this.setUps -= 1;
    if (this.closed !== undefined) this.tellEnd(this.closed);
  }

  /** Keeps what handlers are to get, until it was released as often as held, or dropped. */
  hold(): void {
    (this.held ??= { messages: [], bytes: 0, holds: 0 }).holds += 1;
  }

  release(): void {
    if (!this.held || (this.held.holds -= 1) > 0) return;
    // One of them may disconnect the client.
    for (const { message, scope } of this.takeHeld()) if (!this.isOver) scope.runInAsyncScope(() => message.run());
  }

  /** Answers all that was held with what became of the client. */
  drop(reason: ErrorAnswer): void {
    for (const { message } of this.takeHeld()) message.refuse(reason);
  }

  receive(packet: EventPacket): void {
    const { socket } = this;
    const event = packet.data ?? [];
    const ack = packet.id === undefined || packet.id === null ? undefined : ackOf(socket, packet.id);
    // Raw listeners and middlewares find the ack behind the arguments.
    if (ack) event.push(ack);
    callEach(anyListenersOf(socket), socket, event, (error) =>
      logFailure(`A listener of onAny failed on client ${socket.id}`, error),
    );
    runMiddlewares(socket, event, (error) => {
      const conclude = (): void => {
        if (error) this.deny(error, String(event[0]), ack);
        else if (socket.connected) this.deliver(event, packet.bytes);
      };
      // As in Socket.IO: what a client has sent in one go with its leaving is not handled. What was held came before.
      if (flowOf(socket.conn)?.isCatchingUp) conclude();
      else process.nextTick(conclude);
    });
  }

  add(stream: Subscription): void {
    if (this.isOver) return this.unsubscribe(stream);
    const streams = (this.streams ??= new Set());
    streams.add(stream);
    stream.add(() => streams.delete(stream));
  }

  /** Of the socket: it is gone. */
  close(reason: string): void {
    this.closed = reason;
    for (const stream of this.streams ?? []) this.unsubscribe(stream);
    this.takeHeld();
    this.tellEnd(reason);
  }

  private tellEnd(reason: string): void {
    if (this.setUps === 0) this.onEnd(this, reason);
  }

  /** An Observable's teardown is the app's. */
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
    // Socket.IO itself listens to `error`, without effect.
    const heardBy = socket.listenerCount(name) - (name === 'error' ? 1 : 0);
    this.bytes = bytes;
    const ack = ackIn(event);
    if (own && heardBy === 1 && socket.listenerCount(name, own) === 1) {
      this.dispatchEvent(name, event.slice(1, ack ? -1 : undefined), ack);
      return;
    }
    callListeners(socket, name, event.slice(1), (error) => {
      logListenerFailure(socket, name, error);
      if (!own && ack) this.tell(INTERNAL_ERROR, name, ack, error);
    });
    if (heardBy === 0 && ack && anyListenersOf(socket).length === 0) this.tell(UNKNOWN_EVENT, name, ack);
  }

  /** Has the handlers of an event run, with what the client sent behind the event's name and the ack behind that. */
  handle(event: string, sent: readonly unknown[]): void {
    const ack = ackIn(sent);
    this.dispatchEvent(event, ack ? sent.slice(0, -1) : sent, ack);
  }

  private dispatchEvent(event: string, args: readonly unknown[], ack: Ack | undefined): void {
    // Nest lets go of its listeners before `disconnect` is told.
    if (!this.socket.connected) return;
    const message = new Message(this, event, args, ack, this.service.routes.get(event) ?? []);
    const { held } = this;
    if (!held) return message.run();
    // Whatever follows a message through asynchronous code, as tracing does, finds it in its own context.
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

  /** A middleware of `socket.use` has refused an event: what it said is for the client, what it threw is not. */
  private deny(error: Error, event: string, ack: Ack | undefined): void {
    logIfFault(error);
    emitError(this.socket, error);
    if (this.socket.connected) this.dispatch.failures.tell(this.socket, failureOfEvent(error), event, ack);
  }

  private tell(failure: ErrorAnswer, event: string, ack?: Ack, error?: unknown): void {
    this.dispatch.failures.tell(this.socket, { answer: failure, error }, event, ack);
  }
}

/** Of a namespace that has gateways by its name, and others by a pattern. */
function joined(one: Service, other: Service): Service {
  const routes = new Map(one.routes);
  for (const [event, handlers] of other.routes) routes.set(event, [...(routes.get(event) ?? []), ...handlers]);
  return {
    gateways: [...one.gateways, ...other.gateways],
    routes,
    listeners: new Map([...other.listeners, ...one.listeners]),
  };
}

/** A middleware may have put a function of its own around it; nothing that a client sends is one. */
function ackIn(args: readonly unknown[]): Ack | undefined {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as Ack) : undefined;
}

/** The session of a socket; none yet of one that came by a way around its namespace's middlewares. */
export function sessionOf(socket: Socket): Session | undefined {
  return listenerOf(socket) as Session | undefined;
}
