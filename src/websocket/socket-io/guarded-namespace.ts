import { callListeners, guardedCall } from '../errors/guarded-call.js';
import { guardedMiddleware } from '../errors/guarded-middleware.js';
import { logFailure } from '../errors/report-error.js';
import { RecoveredSessions } from './recovered-sessions.js';
import type { Namespace, Server, Socket } from './socket.io.js';

/** A Socket.IO middleware that decides whether a client may join a namespace. */
export type NamespaceMiddleware = (socket: Socket, next: (error?: Error) => void) => unknown;

/** Called while clients join a namespace. */
export interface NamespaceListener {
  /** Runs before all middlewares of the app. */
  readonly first: NamespaceMiddleware;
  /** Called when a middleware of the app has refused a client, or failed on it. */
  onRefusal(socket: Socket, refusal: unknown, next: (error?: Error) => void): void;
  /** Whether a client that passed all middlewares may join. */
  mayJoin(socket: Socket): boolean;
  onJoined(socket: Socket): void;
  /** Returns what to keep of `socket.data` for a client that reconnects. */
  readonly dataOf: (socket: Socket) => unknown;
  /** Called when a listener for `connect` or `connection` has failed. */
  onListenerError(socket: Socket, error: unknown): void;
}

/** Catches what the middlewares and the listeners of a namespace throw, so that a failure affects only one client. */
export function guardNamespace(namespace: Namespace, listener: NamespaceListener): void {
  const guarded =
    (middleware: NamespaceMiddleware): NamespaceMiddleware =>
    (socket, next) => {
      const onOutcome = (refusal: unknown): void => {
        if (refusal) listener.onRefusal(socket, refusal, next);
        else next();
      };
      guardedMiddleware((proceed) => middleware(socket, proceed), onOutcome, `client ${socket.id}`);
    };
  // A namespace that a pattern has created inherits the middlewares of the pattern, which are already guarded.
  if (!namespace['_fns'].includes(listener.first))
    namespace['_fns'] = [listener.first, ...namespace['_fns'].map(guarded)];
  const add = namespace._add.bind(namespace);
  const doConnect = namespace['_doConnect'].bind(namespace);
  const remove = namespace._remove.bind(namespace);
  const isRecovering = Boolean(namespace.server._opts.connectionStateRecovery);
  const recovered = isRecovering ? new RecoveredSessions(namespace, listener.dataOf) : undefined;
  Object.assign(namespace, {
    use(this: Namespace, middleware: NamespaceMiddleware): Namespace {
      namespace['_fns'].push(guarded(middleware));
      return this;
    },

    /** Socket.IO calls this when a client asks to join, and ignores the promise. */
    _add(this: Namespace, ...joining: Parameters<typeof add>): Promise<void> {
      recovered?.guardAdapter();
      return add(...joining).catch((error: unknown) => {
        const [client] = joining;
        logFailure(`A client could not join namespace ${this.name}`, error);
        client.conn.close();
      });
    },

    /** Socket.IO calls this when a client has passed the middlewares. */
    _doConnect(this: Namespace, socket: Socket, ...rest: unknown[]): void {
      if (!listener.mayJoin(socket)) return;
      recovered?.deliver(socket);
      doConnect(socket, ...rest);
    },

    /** Socket.IO calls this when a client has left, or was not let in. */
    _remove(this: Namespace, socket: Socket): void {
      recovered?.forget(socket);
      remove(socket);
    },

    /** Socket.IO calls this to emit `connect`, `connection` and, for the server, `new_namespace`. */
    emitReserved(this: Namespace, event: string, ...args: unknown[]): boolean {
      if (event === 'connect') listener.onJoined(args[0] as Socket);
      return callListeners(this, event, args, (error) => {
        if (event === 'connect' || event === 'connection') listener.onListenerError(args[0] as Socket, error);
        else logFailure(`A listener for "${event}" of namespace ${this.name} failed`, error);
      });
    },

    /** Socket.IO calls this for each `serverSideEmit` of another node. */
    _onServerSideEmit(this: Namespace, [event, ...args]: [string, ...unknown[]]): void {
      callListeners(this, event, args, (error) => logFailure(`A listener for "${event}" of other nodes failed`, error));
    },
  });
}

/** Guards the functions that decide which namespaces exist: `server.of((name, auth, next) => ...)`. */
export function guardNamespaceChoice(server: Server): void {
  const of = server.of.bind(server);
  type Choice = Extract<Parameters<typeof of>[0], (...args: never[]) => unknown>;
  server.of = (name, ...rest) => {
    if (typeof name !== 'function') return of(name, ...rest);
    const choice: Choice = (requested, auth, next) =>
      guardedCall(
        () => name(requested, auth, next),
        (error) => {
          logFailure(`Whether there is a namespace ${JSON.stringify(requested)} cannot be said`, error);
          next(null, false);
        },
      );
    return of(choice, ...rest);
  };
}
