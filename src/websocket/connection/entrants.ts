import type { Namespace, Socket } from '../socket.io.js';

type Client = Socket['client'];

/** What of a namespace is private to Socket.IO. */
interface NamespaceInternals {
  _preConnectSockets: ReadonlyMap<string, Socket>;
}

/**
 * Tells who enters a namespace twice. Socket.IO takes a second request for an error once the first is through; until
 * then it would make a member of each, and forget all but the last: a request has three bytes, a member some thousand.
 */
export class Entrants {
  private readonly latest = new WeakMap<Namespace, WeakMap<Client, Socket>>();

  /** Notes a socket. @returns whether its client is in the namespace by another one, or about to be */
  add(socket: Socket): boolean {
    const { nsp, client } = socket;
    let latest = this.latest.get(nsp);
    if (!latest) {
      latest = new WeakMap();
      this.latest.set(nsp, latest);
    }
    const earlier = latest.get(client);
    latest.set(client, socket);
    if (!earlier) return false;
    const { _preConnectSockets: entering } = nsp as unknown as NamespaceInternals;
    return entering.has(earlier.id) || nsp.sockets.has(earlier.id);
  }
}
