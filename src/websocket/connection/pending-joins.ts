import type { Connection } from '../socket-io/engine-internals.js';
import type { PacketListener } from '../flow/server-flow.js';
import { emitError, endSocket, removeSocket, socketsOf } from '../socket-io/socket-internals.js';
import type { Socket } from '../socket-io/socket.io.js';

const superseded = new WeakSet<Socket>();

const CLIENT = Symbol('client');
const JOINS = Symbol('joins');

interface Marked extends Connection {
  [CLIENT]?: Socket['client'];
  /** By which socket the client has asked last to join each namespace, and has not been answered. */
  [JOINS]?: Map<string, Socket> | undefined;
}

/**
 * Lets a client join a namespace that it is joining already, as a page does that joins, leaves and joins again in one go:
 * the last request counts.
 */
export function beginJoin(socket: Socket): void {
  const conn: Marked = socket.conn;
  conn[CLIENT] = socket.client;
  const joins = (conn[JOINS] ??= new Map<string, Socket>());
  const earlier = joins.get(socket.nsp.name);
  joins.set(socket.nsp.name, socket);
  if (!earlier) return;
  superseded.add(earlier);
  // One of a pattern may be removed when nobody is in it any more.
  socket.nsp.sockets.set(socket.id, socket);
  removeSocket(earlier);
  socket.nsp.sockets.delete(socket.id);
}

/** Whether a client has asked anew since it asked by this socket, which is forgotten. */
export function isSuperseded(socket: Socket): boolean {
  return superseded.has(socket);
}

/** A client is in the namespace, or was refused. */
export function endJoin({ conn, nsp }: Socket): void {
  const joins = (conn as Marked)[JOINS];
  joins?.delete(nsp.name);
  if (joins?.size === 0) (conn as Marked)[JOINS] = undefined;
}

export const packetListener: PacketListener = {
  /** Where a client is in the namespace that it asks for, it has left it: Socket.IO would end the connection. */
  onJoin(conn, namespace) {
    const socket = socketsAt(conn)?.get(namespace);
    if (socket) endSocket(socket, 'client namespace disconnect');
  },

  /** As Socket.IO does: the sockets of the client emit `error`. */
  onUndecodable(conn, error) {
    for (const socket of socketsAt(conn)?.values() ?? []) emitError(socket, error);
  },
};

/** By the namespaces that they are in. */
function socketsAt(conn: Marked): ReadonlyMap<string, Socket> | undefined {
  return conn[CLIENT] && socketsOf(conn[CLIENT]);
}
