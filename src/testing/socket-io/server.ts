import type { Namespace, Server, ServerOptions, Socket } from '../../websocket/index.js';

/*
 * What of Socket.IO's server is private, and has no documented counterpart:
 * https://github.com/socketio/socket.io/tree/main/packages/socket.io/lib
 */

/** All namespaces of a server; `server.of` makes one that is not there. */
export function namespacesOf(server: Server): ReadonlyMap<string, Namespace> {
  return server._nsps;
}

/** The parser of a server, where it is not that of Socket.IO. */
export function parserOf(server: Server): ServerOptions['parser'] {
  return server._opts.parser;
}

/** Engine.IO hands the id of a connection out in its handshake, and types it as private. */
export function connectionIdOf({ conn }: Socket): string {
  return conn['id'];
}

type Event = [string, ...unknown[]];

/** Runs the middlewares of `socket.use` on an event, and calls `next` with what they have said. */
export type RunMiddlewares = (event: Event, next: (refusal?: Error | null) => void) => void;

/** Puts something around the middlewares of `socket.use`: no documented seam sees both their ends. */
export function aroundMiddlewares(socket: Socket, around: (run: RunMiddlewares) => RunMiddlewares): void {
  const internals = socket as object as { run: RunMiddlewares };
  internals.run = around(internals.run.bind(socket));
}

/** Tells what another node has said by `serverSideEmit`, before its listeners hear it; these hear only names they know. */
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
