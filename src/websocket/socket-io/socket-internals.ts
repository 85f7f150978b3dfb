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

/** The sockets of a client, by namespace. */
export function socketsOf(client: Socket['client']): ReadonlyMap<string, Socket> {
  return client['nsps'];
}

/** How many namespaces the client of a socket has joined. */
export function countNamespaces({ client }: Socket): number {
  return client['sockets'].size;
}

/** The function that answers the event with this id. */
export function ackOf(socket: Socket, id: number): (...answer: unknown[]) => void {
  return socket['ack'](id);
}

/** The listeners of `onAny`, not copied. */
export function anyListenersOf(socket: Socket): readonly ((...args: unknown[]) => unknown)[] {
  return socket['_anyListeners'] ?? NOBODY;
}

const NOBODY: readonly never[] = [];

/** Runs the middlewares of `socket.use`, one after the other. */
export function runMiddlewares(socket: Socket, event: unknown[], done: (refusal?: Error | null) => void): void {
  socket['run'](event, done);
}

/** Makes a socket emit `error`, which does not throw if there is no listener. */
export function emitError(socket: Socket, error: Error): void {
  socket._onerror(error);
}

/** Disconnects a socket with a reason of Socket.IO. Closing its connection instead would give another reason. */
export function endSocket(socket: Socket, reason: Parameters<Socket['_onclose']>[0]): void {
  socket._onclose(reason);
}

/** Removes a socket from its rooms and its namespace. */
export function removeSocket(socket: Socket): void {
  socket._cleanup();
}
