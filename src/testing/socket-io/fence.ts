import type { Socket as ClientSocket } from 'socket.io-client';
import type { Socket as ServerSocket } from '../../websocket/index.js';

/*
 * A fence is an Engine.IO packet of type "noop" that carries an id. Both ends ignore it but emit a 'packet' event for
 * it, so it reaches no namespace, middleware or listener of the app. A connection keeps order in both directions. So
 * when a fence has arrived, everything before it has arrived too.
 *
 * Neither end has a documented way to send one.
 */

export type ClientEnd = ClientSocket['io']['engine'];

/** The server's end of a connection: Engine.IO's own, or what stands for one in another process. */
export type FenceEnd = ServerSocket['conn'] | RemoteFenceEnd;

export interface RemoteFenceEnd extends End {
  sendFence(id: string): void;
}

/** An end of a connection, as far as fences need it. */
export interface End {
  readyState: string;
  on(event: 'packet', listener: (packet: { type: string; data?: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** The fences of each end that are in transit, and what to do when they arrive or the end closes. */
const underWay = new WeakMap<End, Map<string, () => void>>();
let fences = 0;

/** Resolves when all that the client has sent so far has reached the server, or the connection is closed. */
export function fenceToServer(client: ClientEnd, server: FenceEnd): Promise<void> {
  return passFence(server, client, (id) => sendFenceToServer(client, id));
}

/** Resolves when all that the server has sent so far has reached the client, or the connection is closed. */
export function fenceToClient(client: ClientEnd, server: FenceEnd): Promise<void> {
  return passFence(client, server, (id) => sendFenceToClient(server, id));
}

/** Sends a fence from the client's end. */
export function sendFenceToServer(client: ClientEnd, id: string): void {
  client['_sendPacket']('noop', id);
}

/** Sends a fence from the server's end. */
export function sendFenceToClient(server: FenceEnd, id: string): void {
  if ('sendFence' in server) server.sendFence(id);
  else server['sendPacket']('noop', id);
}

/** Calls `onFence` with the id of each fence that arrives at an end. */
export function observeFences(end: End, onFence: (id: string) => void): void {
  end.on('packet', ({ type, data }) => {
    if (type === 'noop' && typeof data === 'string') onFence(data);
  });
}

function passFence(receiver: End, sender: End, send: (id: string) => void): Promise<void> {
  if (receiver.readyState !== 'open' || sender.readyState !== 'open') return Promise.resolve();
  const [arriving, leaving] = [fencesAt(receiver), fencesAt(sender)];
  const id = `fence-${(fences += 1)}`;
  return new Promise((resolve) => {
    const finish = (): void => {
      arriving.delete(id);
      leaving.delete(id);
      resolve();
    };
    arriving.set(id, finish);
    leaving.set(id, finish);
    send(id);
  });
}

/** One pair of listeners serves all fences of an end. */
function fencesAt(end: End): Map<string, () => void> {
  const known = underWay.get(end);
  if (known) return known;
  const fencesHere = new Map<string, () => void>();
  underWay.set(end, fencesHere);
  observeFences(end, (id) => fencesHere.get(id)?.());
  end.on('close', () => {
    for (const finish of fencesHere.values()) finish();
  });
  return fencesHere;
}
