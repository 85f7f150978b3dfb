import type { Socket as ClientSocket } from 'socket.io-client';
import type { Socket as ServerSocket } from '../../websocket/index.js';

/*
 * A fence is a packet of Engine.IO's type "noop" that carries a number. Both ends ignore it, and both still
 * announce it as a 'packet': nothing of it reaches a namespace, a middleware or a listener of the app's.
 * Since a connection keeps order in both directions, a fence that has arrived proves that all before it has.
 *
 * Neither end has a documented way to send one.
 */

type ClientEnd = ClientSocket['io']['engine'];
type ServerEnd = ServerSocket['conn'];

/** An end of a connection, as far as fences need it. */
interface End {
  readyState: string;
  on(event: 'packet', listener: (packet: { type: string; data?: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** The fences that are under way to an end: what to do when they have come, or the end has closed. */
const underWay = new WeakMap<End, Map<string, () => void>>();
let fences = 0;

/** Resolves when all that the client has sent so far has reached the server, or the connection is gone. */
export function fenceToServer(client: ClientEnd, server: ServerEnd): Promise<void> {
  return passFence(server, client, (id) => client['_sendPacket']('noop', id));
}

/** Resolves when all that the server has sent so far has reached the client, or the connection is gone. */
export function fenceToClient(client: ClientEnd, server: ServerEnd): Promise<void> {
  return passFence(client, server, (id) => server['sendPacket']('noop', id));
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

/** One pair of listeners serves every fence of an end, however many are under way. */
function fencesAt(end: End): Map<string, () => void> {
  const known = underWay.get(end);
  if (known) return known;
  const fencesHere = new Map<string, () => void>();
  underWay.set(end, fencesHere);
  end.on('packet', ({ type, data }) => {
    if (type === 'noop' && typeof data === 'string') fencesHere.get(data)?.();
  });
  end.on('close', () => {
    for (const finish of fencesHere.values()) finish();
  });
  return fencesHere;
}
