import type { Namespace, Server, ServerOptions, Socket } from '../../websocket/index.js';

/*
 * Private members of Socket.IO's server that have no documented counterpart:
 * https://github.com/socketio/socket.io/tree/main/packages/socket.io/lib
 */

/** The parser of a server, if it is not Socket.IO's own. */
export function parserOf(server: Server): ServerOptions['parser'] {
  return server._opts.parser;
}

/** Engine.IO sends the id of a connection in its handshake, but types it as private. */
export function connectionIdOf({ conn }: Pick<Socket, 'conn'>): string {
  return conn['id'];
}

type Event = [string, ...unknown[]];

/** Runs the middlewares of `socket.use` on an event, and calls `next` with their result. */
export type RunMiddlewares = (event: Event, next: (refusal?: Error | null) => void) => void;

/** Wraps the middlewares of `socket.use`: no documented API sees both their start and their end. */
export function aroundMiddlewares(socket: Socket, around: (run: RunMiddlewares) => RunMiddlewares): void {
  const internals = socket as object as { run: RunMiddlewares };
  internals.run = around(internals.run.bind(socket));
}

/** Reports what another node sent by `serverSideEmit`, before its listeners, which get only the names they know. */
export function observeServerSideEmits(
  namespace: Namespace,
  onEvent: (event: string, args: readonly unknown[]) => void,
): void {
  const emit = namespace._onServerSideEmit.bind(namespace);
  namespace._onServerSideEmit = (args) => {
    const [event, ...sent] = args;
    onEvent(event, sent);
    emit(args);
  };
}
