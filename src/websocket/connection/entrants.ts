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
  /** By what socket a client enters; of a namespace that is gone, nothing stays. */
  private readonly entering = new WeakMap<Namespace, WeakMap<Client, Socket>>();

  /** Notes a socket. @returns whether its client is already entering the namespace by another one */
  add(socket: Socket): boolean {
    const { nsp, client } = socket;
    const sockets = this.entering.get(nsp) ?? new WeakMap<Client, Socket>();
    this.entering.set(nsp, sockets);
    const earlier = sockets.get(client);
    sockets.set(client, socket);
    // One that was refused is in neither.
    const { _preConnectSockets: waiting } = nsp as unknown as NamespaceInternals;
    return earlier !== undefined && (waiting.has(earlier.id) || nsp.sockets.has(earlier.id));
  }

  /** One is in: there are many of these, and nothing is kept of them. */
  delete({ nsp, client }: Socket): void {
    this.entering.get(nsp)?.delete(client);
  }
}
