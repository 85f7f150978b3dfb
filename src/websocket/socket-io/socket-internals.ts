import type { Namespace, Parser, Server, Socket } from './socket.io.js';

/*
 * What of Socket.IO is private and used from outside this folder.
 * https://github.com/socketio/socket.io/tree/main/packages/socket.io/lib
 */

/** The namespaces that a server has; `server.of` makes one that is not there. */
export function namespacesOf(server: Server): readonly Namespace[] {
  return [...server._nsps.values()];
}

/** Puts another parser in the place of a server's, for all connections that are still to come. */
export function replaceParser(server: Server, replace: (parser: Parser) => Parser): void {
  Object.assign(server, { _parser: replace(server._parser) });
}

/** The sockets of a client, by namespace. */
export function socketsOf(client: Socket['client']): ReadonlyMap<string, Socket> {
  return client['nsps'];
}

/** How many namespaces the client of a socket is in. */
export function countNamespaces({ client }: Socket): number {
  return client['sockets'].size;
}

/** What answers the event of this id. */
export function ackOf(socket: Socket, id: number): (...answer: unknown[]) => void {
  return socket['ack'](id);
}

/** The listeners of `onAny`, not copied. */
export function anyListenersOf(socket: Socket): readonly ((...args: unknown[]) => unknown)[] {
  return socket['_anyListeners'] ?? NOBODY;
}

const NOBODY: readonly never[] = [];

/** Asks the middlewares of `socket.use`, one after the other. */
export function runMiddlewares(socket: Socket, event: unknown[], done: (refusal?: Error | null) => void): void {
  socket['run'](event, done);
}

/** Has a socket emit `error`, which it does not throw where nobody listens. */
export function emitError(socket: Socket, error: Error): void {
  socket._onerror(error);
}

/** Ends a socket with a reason of Socket.IO's; by the end of its connection it would have another. */
export function endSocket(socket: Socket, reason: Parameters<Socket['_onclose']>[0]): void {
  socket._onclose(reason);
}

/** Takes a socket out of its rooms and its namespace. */
export function removeSocket(socket: Socket): void {
  socket._cleanup();
}
