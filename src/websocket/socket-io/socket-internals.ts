import type { Namespace, Parser, Server, Socket } from './socket.io.js';

/*
 * The private members of Socket.IO that are used outside this folder.
 * https://github.com/socketio/socket.io/tree/main/packages/socket.io/lib
 */

/** The namespaces of a server. Unlike `server.of`, this does not create a missing one. */
export function namespacesOf(server: Server): readonly Namespace[] {
  return [...server._nsps.values()];
}

/** Replaces the parser of a server, for all later connections. */
export function replaceParser(server: Server, replace: (parser: Parser) => Parser): void {
  Object.assign(server, { _parser: replace(server._parser) });
}

/** How many namespaces the client of a socket has joined. */
export function countNamespaces({ client }: Socket): number {
  return client['sockets'].size;
}

/** Makes a socket emit `error`, which does not throw if there is no listener. */
export function emitError(socket: Socket, error: Error): void {
  socket._onerror(error);
}

/** Disconnects a socket with a reason of Socket.IO. Closing its connection instead would give another reason. */
export function endSocket(socket: Socket, reason: Parameters<Socket['_onclose']>[0]): void {
  socket._onclose(reason);
}
