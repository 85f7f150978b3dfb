import type { Connection } from './engine-internals.js';
import type { Socket } from './socket.io.js';

const superseded = new WeakSet<Socket>();

const CLIENT = Symbol('client');
const JOINS = Symbol('joins');

interface Marked extends Connection {
  [CLIENT]?: Socket['client'];
  /** For each namespace, the socket of the client's latest join request that has no answer yet. */
  [JOINS]?: Map<string, Socket> | undefined;
}

/**
 * Lets a client join a namespace that it is already joining, because a page may join, leave and join again at once. The
 * latest request counts.
 */
export function beginJoin(socket: Socket): void {
  const conn: Marked = socket.conn;
  conn[CLIENT] = socket.client;
  const joins = (conn[JOINS] ??= new Map<string, Socket>());
  const earlier = joins.get(socket.nsp.name);
  joins.set(socket.nsp.name, socket);
  if (!earlier) return;
  superseded.add(earlier);
  // Socket.IO may remove a namespace of a pattern when it becomes empty, so the new socket is in it meanwhile.
  socket.nsp.sockets.set(socket.id, socket);
  earlier._cleanup();
  socket.nsp.sockets.delete(socket.id);
}

/** Whether a later join request of the client has replaced this socket. */
export function isSuperseded(socket: Socket): boolean {
  return superseded.has(socket);
}

/** Call this when a client has joined or was refused. */
export function endJoin({ conn, nsp }: Socket): void {
  const joins = (conn as Marked)[JOINS];
  joins?.delete(nsp.name);
  if (joins?.size === 0) (conn as Marked)[JOINS] = undefined;
}

/** Ends the client's old socket if it joins a namespace again. Otherwise Socket.IO would close the connection. */
export function leaveBeforeJoin(conn: Marked, namespace: string): void {
  conn[CLIENT]?.['nsps'].get(namespace)?._onclose('client namespace disconnect');
}

/** Emits `error` on the sockets of a client whose data cannot be decoded, as Socket.IO does. */
export function emitErrors(conn: Marked, error: Error): void {
  for (const socket of conn[CLIENT]?.['nsps'].values() ?? []) socket._onerror(error);
}
