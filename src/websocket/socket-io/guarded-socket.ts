import { INTERNAL_ERROR } from '../errors/error-answer.js';
import { callEach, callListeners, type Listener } from '../errors/guarded-call.js';
import { guardedMiddleware, type Next } from '../errors/guarded-middleware.js';
import { logFailure, logListenerFailure } from '../errors/report-error.js';
import type { Socket } from './socket.io.js';
import type { EventPacket } from './packet.js';

type Middleware = (event: [string, ...unknown[]], next: Next) => unknown;

const LISTENER = Symbol('listener');

/** Hears what a client sends, in the place of Socket.IO's own listeners and handlers. */
export interface SocketListener {
  /** An event has come. */
  receive(packet: EventPacket): void;
  /** Its handlers are to run, with what the client sent behind the event's name and the ack behind that. */
  handle(event: string, sent: readonly unknown[]): void;
  /** The socket is gone. */
  close(reason: string): void;
}

/**
 * Takes a socket's events over, and lets nothing escape that the app throws while it deals with what a client sends:
 * it would be an uncaught error, and end the process. To be called before any code of the app's has the socket.
 *
 * Socket.IO has no seam behind its middlewares, and none around its listeners. These methods are all that it calls
 * them by; they are shared by all sockets, so that a connection costs no closures.
 */
export function guardSocket(socket: Socket, listener: SocketListener): void {
  Object.assign(socket, { [LISTENER]: listener });
  Object.setPrototypeOf(socket, guardedPrototypeOf(socket));
}

/** The listener of a guarded socket. */
export function listenerOf(socket: Socket): SocketListener | undefined {
  return (socket as Socket & { [LISTENER]?: SocketListener })[LISTENER];
}

/** What has the handlers of an event run on the socket that it is called on. */
export function listenerFor(event: string): Listener {
  return function listener(this: Socket, ...sent: unknown[]): void {
    listenerOf(this)?.handle(event, sent);
  };
}

const guards = {
  /** Of Socket.IO: has an event of the client's. */
  onevent(this: Socket, packet: EventPacket): void {
    listenerOf(this)?.receive(packet);
  },

  /** Of Socket.IO: has the client's answer to an event of the server's. */
  onack(this: Socket, { id, data = [] }: { id: number; data?: unknown[] }): void {
    const callback = this['acks'].get(id);
    this['acks'].delete(id);
    if (typeof callback === 'function') callAck(this, callback, data);
  },

  /** Of Socket.IO: has what is to be called with the client's answer, or when `timeout()` is over. */
  registerAckCallback(this: Socket, id: number, callback: Listener): void {
    prototypeOf(this)['registerAckCallback'].call(this, id, (...answer: unknown[]) => callAck(this, callback, answer));
  },

  /** Of Socket.IO: tells of `disconnecting`, `disconnect` and `error`. */
  emitReserved(this: Socket, event: string, ...args: unknown[]): boolean {
    const listeners = callListeners(this, event, args, (error) => logListenerFailure(this, event, error));
    if (event === 'disconnect') listenerOf(this)?.close(String(args[0]));
    return listeners;
  },

  /** Of Socket.IO: tells of what is emitted. A broadcast comes by here once for each of its clients. */
  notifyOutgoingListeners(this: Socket, { data }: { data: unknown[] }): void {
    const listeners = this['_anyOutgoingListeners'];
    if (!listeners?.length) return;
    callEach(listeners, this, data, (error) =>
      logFailure(`A listener of onAnyOutgoing failed on client ${this.id}`, error),
    );
  },

  /** Of Socket.IO: tells a client that a middleware of the namespace has refused it, from a timer of its own. */
  _error(this: Socket, refusal: { message: unknown; data?: unknown }): void {
    try {
      prototypeOf(this)._error.call(this, refusal);
    } catch (error) {
      logFailure(`The refusal of client ${this.id} cannot be encoded`, error);
      prototypeOf(this)._error.call(this, { message: INTERNAL_ERROR.message, data: INTERNAL_ERROR });
    }
  },

  /** Of Socket.IO: adds a middleware for events. */
  use(this: Socket, middleware: Middleware): Socket {
    this['fns'].push((event: Parameters<Middleware>[0], next: Next) =>
      guardedMiddleware((proceed) => middleware(event, proceed), next, `client ${this.id}`),
    );
    return this;
  },
};

/** Socket.IO's own methods of a socket. */
function prototypeOf(socket: Socket): Socket {
  return (socket.constructor as { prototype: Socket }).prototype;
}

/** By Socket.IO's prototype: there may be several versions of it in a process. */
const guardedPrototypes = new WeakMap<object, object>();

/** The guards, and behind them Socket.IO's own methods: on each socket, they would take memory for each. */
function guardedPrototypeOf(socket: Socket): object {
  const own = prototypeOf(socket);
  const known = guardedPrototypes.get(own);
  if (known) return known;
  const guarded = Object.assign(Object.create(own) as object, guards);
  guardedPrototypes.set(own, guarded);
  return guarded;
}

function callAck(socket: Socket, callback: Listener, answer: readonly unknown[]): void {
  callEach([callback], socket, answer, (error) =>
    logFailure(`An ack callback failed on the answer of client ${socket.id}`, error),
  );
}
