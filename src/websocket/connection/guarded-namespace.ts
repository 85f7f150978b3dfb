import { INTERNAL_ERROR, isMeantForClient, toErrorAnswer } from '../dispatch/error-answer.js';
import type { ErrorAnswer } from '../dispatch/error-answer.js';
import { logFailure } from '../dispatch/message.js';
import type { Namespace, Socket } from '../socket.io.js';
import { guardedCall } from './guarded-call.js';
import { MiddlewareError, guardedMiddleware, refusalBy } from './guarded-socket.js';

/** Of Socket.IO: decides whether a client may join a namespace. */
export type NamespaceMiddleware = (socket: Socket, next: (error?: Error) => void) => unknown;

/** What of a namespace is private to Socket.IO. */
interface NamespaceInternals {
  _fns: NamespaceMiddleware[];
}

/**
 * Lets nothing escape that a namespace's middlewares and its listeners for `connection` throw: the client is refused,
 * or disconnected, and nobody else notices.
 *
 * @param first runs before all middlewares of the app's
 * @param onListenerError a listener for `connection` has failed
 */
export function guardNamespace(
  namespace: Namespace,
  first: NamespaceMiddleware,
  onListenerError: (socket: Socket, error: unknown) => void,
): void {
  const { _fns: middlewares } = namespace as unknown as NamespaceInternals;
  // A namespace that a pattern has made begins with the middlewares of the pattern's.
  if (!middlewares.includes(first)) middlewares.unshift(first);
  Object.assign(namespace, {
    use(this: Namespace, middleware: NamespaceMiddleware): Namespace {
      (this as unknown as NamespaceInternals)._fns.push((socket, next) =>
        guardedMiddleware(
          middleware,
          socket,
          (error) => next(error ? toConnectError(error) : undefined),
          socket.id,
        ),
      );
      return this;
    },
    /** Of Socket.IO: tells of `connect` and `connection`. */
    emitReserved(this: Namespace, event: string, ...args: unknown[]): boolean {
      const listeners = this.rawListeners(event as never) as ((...args: unknown[]) => unknown)[];
      for (const listener of listeners) {
        guardedCall(
          () => listener.apply(this, args),
          (error) => {
            if (event === 'connect' || event === 'connection') onListenerError(args[0] as Socket, error);
            else logFailure(`A listener for "${event}" of namespace ${this.name} failed`, error);
          },
        );
      }
      return listeners.length > 0;
    },
  });
}

/** What a middleware has said, for the client. What it threw is not, unless it was meant to be. */
function toConnectError(error: unknown): Error {
  const cause = error instanceof MiddlewareError ? error.cause : error;
  if (isMeantForClient(cause)) return connectError(toErrorAnswer(cause));
  if (!(error instanceof MiddlewareError)) {
    const { message, data } = refusalBy(error);
    return Object.assign(new Error(message), { data });
  }
  logFailure(error.message, cause);
  return connectError(INTERNAL_ERROR);
}

/** A refused client gets it as `connect_error`: its `message` and its `data`. */
export function connectError(answer: ErrorAnswer): Error {
  return Object.assign(new Error(answer.message), { data: answer });
}
