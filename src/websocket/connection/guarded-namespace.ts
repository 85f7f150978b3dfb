import { logFailure } from '../dispatch/failure.js';
import { guardedCall } from '../guarded-call.js';
import type { Namespace, Socket } from '../socket.io.js';
import { guardedMiddleware, logIfFault, refusalOfClient } from './middlewares.js';
import { RecoveredSessions } from './recovered-sessions.js';

/** Of Socket.IO: decides whether a client may join a namespace. */
export type NamespaceMiddleware = (socket: Socket, next: (error?: Error) => void) => unknown;

type Client = Socket['client'];

/** What of a namespace is private to Socket.IO. */
interface NamespaceInternals {
  _fns: NamespaceMiddleware[];
  readonly _preConnectSockets: ReadonlyMap<string, Socket>;
  _add(client: Client, auth: Record<string, unknown>, onJoined: (socket: Socket) => void): Promise<void>;
  _remove(socket: Socket): void;
}

/**
 * Lets nothing escape that a namespace's middlewares and its listeners throw: the client is refused, or disconnected, and
 * nobody else notices.
 *
 * @param first runs before all middlewares of the app's
 * @param onListenerError a listener for `connection` has failed
 */
export function guardNamespace(
  namespace: Namespace,
  first: NamespaceMiddleware,
  onListenerError: (socket: Socket, error: unknown) => void,
): void {
  const internals = namespace as unknown as NamespaceInternals;
  // One that a pattern has made begins with the middlewares of the pattern's, which were guarded there.
  if (!internals._fns.includes(first)) internals._fns = [first, ...internals._fns.map(guarded)];
  if (Object.hasOwn(namespace, '_remove')) keepForEntrants(namespace);
  const { _add: add } = internals;
  const sessions = new RecoveredSessions(namespace);
  Object.assign(namespace, {
    use(this: Namespace, middleware: NamespaceMiddleware): Namespace {
      internals._fns.push(guarded(middleware));
      return this;
    },

    /** Of Socket.IO: has a client join. Nobody looks at its promise. */
    _add(this: Namespace, ...joining: Parameters<NamespaceInternals['_add']>): Promise<void> {
      sessions.guard();
      return add.apply(this, joining).catch((error: unknown) => {
        const [client] = joining;
        logFailure(`A client could not join namespace ${this.name}`, error);
        client.conn.close();
      });
    },

    /** Of Socket.IO: tells of `connect`, `connection` and, of the server, `new_namespace`. */
    emitReserved(this: Namespace, event: string, ...args: unknown[]): boolean {
      if (event === 'connect') sessions.deliver(args[0] as Socket);
      return callListeners(this, event, args, (error) => {
        if (event === 'connect' || event === 'connection') onListenerError(args[0] as Socket, error);
        else logFailure(`A listener for "${event}" of namespace ${this.name} failed`, error);
      });
    },

    /** Of Socket.IO: has what another node says by `serverSideEmit`. */
    _onServerSideEmit(this: Namespace, [event, ...args]: [string, ...unknown[]]): void {
      callListeners(this, event, args, (error) =>
        logFailure(`A listener for "${event}" of other nodes failed`, error),
      );
    },
  });
}

function guarded(middleware: NamespaceMiddleware): NamespaceMiddleware {
  return (socket, next) =>
    guardedMiddleware(
      middleware,
      socket,
      (refusal) => {
        logIfFault(refusal);
        next(refusal ? refusalOfClient(refusal) : undefined);
      },
      socket.id,
    );
}

function callListeners(
  namespace: Namespace,
  event: string,
  args: readonly unknown[],
  onError: (error: unknown) => void,
): boolean {
  const listeners = namespace.rawListeners(event as never) as ((...args: unknown[]) => unknown)[];
  for (const listener of listeners) guardedCall(() => listener.apply(namespace, [...args]), onError);
  return listeners.length > 0;
}

/**
 * With `cleanupEmptyChildNamespaces` Socket.IO removes a namespace when the last of its members has left or was refused,
 * and would leave those in nowhere who are about to join it.
 */
function keepForEntrants(namespace: Namespace): void {
  const internals = namespace as unknown as NamespaceInternals;
  const { _add: add, _remove: removeAndCleanUp } = internals;
  const { _remove: remove } = Object.getPrototypeOf(namespace) as NamespaceInternals;
  let beginning = 0;
  Object.assign(namespace, {
    async _add(...joining: Parameters<NamespaceInternals['_add']>): Promise<void> {
      beginning += 1;
      try {
        await add.apply(namespace, joining);
      } finally {
        beginning -= 1;
      }
    },
    _remove(socket: Socket): void {
      const { _preConnectSockets: waiting } = internals;
      const others = waiting.size - (waiting.has(socket.id) ? 1 : 0);
      if (beginning + others > 0) remove.call(namespace, socket);
      else removeAndCleanUp(socket);
    },
  });
}
