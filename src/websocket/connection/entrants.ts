import type { Socket } from '../socket.io.js';

/** What of a namespace is private to Socket.IO. */
interface NamespaceInternals {
  readonly _preConnectSockets: ReadonlyMap<string, Socket>;
}

const ENTERING = Symbol('entering');

/** A client, and by which sockets it is entering namespaces. */
type Client = Socket['client'] & { [ENTERING]?: readonly Socket[] };

/**
 * Notes that a client enters a namespace. Socket.IO takes a second request for an error once the first is through; until
 * then it would make a member of each, and forget all but the last: a request has three bytes, a member some thousand.
 *
 * @returns whether the client is already entering the namespace by another socket
 */
export function beginEntering(socket: Socket): boolean {
  const client: Client = socket.client;
  const others = client[ENTERING]?.filter(isThere) ?? [];
  client[ENTERING] = [...others, socket];
  return others.some(({ nsp }) => nsp === socket.nsp);
}

/** One is in: there are many of these, and nothing is kept of them. */
export function endEntering(socket: Socket): void {
  const client: Client = socket.client;
  const others = client[ENTERING]?.filter((other) => other !== socket);
  client[ENTERING] = others?.length ? others : undefined;
}

/** One that was refused is not. */
function isThere({ id, nsp }: Socket): boolean {
  const { _preConnectSockets: waiting } = nsp as unknown as NamespaceInternals;
  return waiting.has(id) || nsp.sockets.has(id);
}
