import type { Connection } from '../engine-internals.js';
import type { Socket } from '../socket.io.js';

/** What of a client and its sockets is private to Socket.IO. */
interface ClientInternals {
  /** By which sockets it is in namespaces. */
  readonly nsps: ReadonlyMap<string, Socket>;
}
interface SocketInternals {
  _onclose(reason: string): void;
  _cleanup(): void;
}

/** Why a socket is closed whose client has left the namespace. */
const LEFT = 'client namespace disconnect';

/** A client that asks to join a namespace, and the one request that waits behind that. */
interface PendingJoin {
  readonly socket: Socket;
  next: { readonly socket: Socket; readonly begin: () => void } | undefined;
}

/** What a client is joining at the moment, by namespace. */
const PENDING = Symbol('pending joins');
type Client = Socket['client'] & { [PENDING]?: Map<string, PendingJoin> };

const CLIENT = Symbol('client');
type Marked = Connection & { [CLIENT]?: Socket['client'] };

/**
 * Lets a client join a namespace that it is joining already, as a page does that joins, leaves and joins again in one go:
 * the later request counts, and waits until it is known what becomes of the earlier one. A request has three bytes, and
 * what it has the app do takes some thousand: there are two at most.
 *
 * @param begin has the app asked
 */
export function beginJoin(socket: Socket, begin: () => void): void {
  const client: Client = socket.client;
  (client.conn as Marked)[CLIENT] = client;
  const joins = (client[PENDING] ??= new Map());
  const { name } = socket.nsp;
  const pending = joins.get(name);
  if (!pending) {
    joins.set(name, { socket, next: undefined });
    begin();
    return;
  }
  if (pending.next) abandon(pending.next.socket);
  pending.next = { socket, begin };
}

/**
 * Whether a client has asked anew since it asked by this socket, which is in no namespace yet. It is forgotten then, and the
 * later request begins.
 */
export function isSuperseded(socket: Socket): boolean {
  const next = pendingOf(socket)?.next;
  if (!next) return false;
  endJoin(socket);
  abandon(socket);
  beginJoin(next.socket, next.begin);
  return true;
}

/** A client is in the namespace. Where it has asked anew meanwhile it leaves it, and the later request begins. */
export function completeJoin(socket: Socket): void {
  const next = pendingOf(socket)?.next;
  endJoin(socket);
  if (!next) return;
  (socket as unknown as SocketInternals)._onclose(LEFT);
  beginJoin(next.socket, next.begin);
}

/** A client is not about to join any more. */
export function endJoin(socket: Socket): void {
  if (pendingOf(socket)) (socket.client as Client)[PENDING]?.delete(socket.nsp.name);
}

/** A client asks to join a namespace. Where it is in it, it has left it: Socket.IO would end the connection. */
export function leaveBeforeJoin(conn: Connection, namespace: string): void {
  const client = (conn as Marked)[CLIENT] as ClientInternals | undefined;
  const socket = client?.nsps.get(namespace) as unknown as SocketInternals | undefined;
  socket?._onclose(LEFT);
}

function pendingOf(socket: Socket): PendingJoin | undefined {
  const pending = (socket.client as Client)[PENDING]?.get(socket.nsp.name);
  return pending?.socket === socket ? pending : undefined;
}

/** Forgets a socket that is in no namespace yet. */
function abandon(socket: Socket): void {
  (socket as unknown as SocketInternals)._cleanup();
}
