import { INTERNAL_ERROR } from '../errors/error-answer.js';
import { callEach, callListeners, guardedCall, type Listener } from '../errors/guarded-call.js';
import { guardedMiddleware, type Next } from '../errors/guarded-middleware.js';
import { logFailure, logListenerFailure } from '../errors/report-error.js';
import type { Socket } from './socket.io.js';
import type { EventPacket } from './packet.js';

type Middleware = (event: [string, ...unknown[]], next: Next) => unknown;

const LISTENER = Symbol('listener');

/** Gets what a client sends, in place of Socket.IO's own listeners and handlers. */
export interface SocketListener {
  /** Called for each event from the client, once it has passed the middlewares of the socket or one has refused it. */
  receive(event: readonly unknown[], bytes?: number, ack?: Listener, refusal?: Error | null): void;
  /** Runs the handlers of an event. @param sent the arguments from the client, and then the ack if there is one */
  handle(event: string, sent: readonly unknown[]): void;
  /** Called when the socket has disconnected. */
  close(reason: string): void;
}

/**
 * Takes over the events of a socket, and catches what the app throws while it handles them: an uncaught exception would
 * end the process. Call this before any code of the app has the socket.
 *
 * Socket.IO has no hook after its middlewares, and none around its listeners. Therefore the methods that call them are
 * replaced. All sockets share the replacements, so that a connection costs no closures.
 */
export function guardSocket(socket: Socket, listener: SocketListener): void {
  Object.assign(socket, { [LISTENER]: listener });
  Object.setPrototypeOf(socket, guardedPrototypeOf(socket));
}

export function listenerOf(socket: Socket): SocketListener | undefined {
  return (socket as Socket & { [LISTENER]?: SocketListener })[LISTENER];
}

/** Returns a listener that runs the handlers of an event on the socket that it is called on. */
export function listenerFor(event: string): Listener {
  return function listener(this: Socket, ...sent: unknown[]): void {
    listenerOf(this)?.handle(event, sent);
  };
}

const guards = {
  /** Socket.IO calls this for each event that the client sends. */
  onevent(this: Socket, { id, data: event = [], bytes }: EventPacket): void {
    const ack = id === undefined || id === null ? undefined : this['ack'](id);
    // As in Socket.IO, listeners and middlewares get the ack as the last argument.
    if (ack) event.push(ack);
    const anyListeners = this['_anyListeners'];
    if (anyListeners?.length) {
      callEach(anyListeners, this, event, (error) =>
        logFailure(`A listener of onAny failed on client ${this.id}`, error),
      );
    }
    this['run'](event, (refusal?: Error | null) => listenerOf(this)?.receive(event, bytes, ack, refusal));
  },

  /** Socket.IO calls this for each ack of the client. A parser of the app may let data pass that is no list. */
  onack(this: Socket, packet: { id: number; data?: unknown[] }): void {
    guardedCall(
      () => prototypeOf(this)['onack'].call(this, packet),
      (error) => {
        this['acks'].delete(packet.id);
        logFailure(`An ack of client ${this.id} cannot be handled`, error);
      },
    );
  },

  /** Socket.IO registers the callback here that gets the client's answer, or an error after `timeout()`. */
  registerAckCallback(this: Socket, id: number, callback: Listener): void {
    const guarded = (...answer: unknown[]): void =>
      callEach([callback], this, answer, (error) =>
        logFailure(`An ack callback failed on the answer of client ${this.id}`, error),
      );
    prototypeOf(this)['registerAckCallback'].call(this, id, guarded);
  },

  /** Socket.IO calls this to emit `disconnecting`, `disconnect` and `error`. */
  emitReserved(this: Socket, event: string, ...args: unknown[]): boolean {
    const listeners = callListeners(this, event, args, (error) => logListenerFailure(this, event, error));
    if (event === 'disconnect') listenerOf(this)?.close(String(args[0]));
    return listeners;
  },

  /** Socket.IO calls this for each event that it sends to this client, broadcasts included. */
  notifyOutgoingListeners(this: Socket, { data }: { data: unknown[] }): void {
    const listeners = this['_anyOutgoingListeners'];
    if (!listeners?.length) return;
    callEach(listeners, this, data, (error) =>
      logFailure(`A listener of onAnyOutgoing failed on client ${this.id}`, error),
    );
  },

  /** Socket.IO calls this in `process.nextTick` to tell a client that a middleware of the namespace has refused it. */
  _error(this: Socket, refusal: { message: unknown; data?: unknown }): void {
    try {
      prototypeOf(this)._error.call(this, refusal);
    } catch (error) {
      logFailure(`The refusal of client ${this.id} cannot be encoded`, error);
      prototypeOf(this)._error.call(this, { message: INTERNAL_ERROR.message, data: INTERNAL_ERROR });
    }
  },

  /** Replaces `socket.use`, with which the app adds a middleware for events. */
  use(this: Socket, middleware: Middleware): Socket {
    this['fns'].push((event: Parameters<Middleware>[0], next: Next) =>
      guardedMiddleware((proceed) => middleware(event, proceed), next, `client ${this.id}`),
    );
    return this;
  },
};

/** The prototype with Socket.IO's own methods. */
function prototypeOf(socket: Socket): Socket {
  return (socket.constructor as { prototype: Socket }).prototype;
}

/** By Socket.IO's own prototype: a process may have several versions of Socket.IO. */
const guardedPrototypes = new WeakMap<object, object>();

/** The guards, in front of Socket.IO's own methods. On the sockets themselves, they would take memory for each. */
function guardedPrototypeOf(socket: Socket): object {
  const own = prototypeOf(socket);
  const known = guardedPrototypes.get(own);
  if (known) return known;
  const guarded = Object.assign(Object.create(own) as object, guards);
  guardedPrototypes.set(own, guarded);
  return guarded;
}
