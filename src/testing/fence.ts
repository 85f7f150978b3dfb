/*
 * A fence is a packet of Engine.IO's type "noop" that carries a number. Both ends ignore it, and both still
 * announce it as a 'packet': nothing of it reaches a namespace, a middleware or a listener of the app's.
 * Since a connection keeps order in both directions, a fence that has arrived proves that all before it has.
 *
 * The two senders are private to Engine.IO; this file alone knows them.
 */

/** Engine.IO's end of a connection, as far as fences need it. */
interface End {
  readyState: string;
  on(event: 'packet', listener: (packet: { type: string; data?: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** `engine` of a socket.io-client `Manager`. */
export interface ClientEnd extends End {
  /** Private: `SocketWithoutUpgrade#_sendPacket` of engine.io-client 6. */
  _sendPacket(type: 'noop', data: string): void;
}

/** `conn` of a socket.io `Socket`. */
export interface ServerEnd extends End {
  /** Private: `Socket#sendPacket` of engine.io 6. */
  sendPacket(type: 'noop', data: string): void;
}

let fences = 0;

/** Resolves when all that the client has sent so far has reached the server, or the connection is gone. */
export function fenceToServer(client: ClientEnd, server: ServerEnd): Promise<void> {
  return passFence(server, client, (id) => client._sendPacket('noop', id));
}

/** Resolves when all that the server has sent so far has reached the client, or the connection is gone. */
export function fenceToClient(client: ClientEnd, server: ServerEnd): Promise<void> {
  return passFence(client, server, (id) => server.sendPacket('noop', id));
}

function passFence(receiver: End, sender: End, send: (id: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const id = `fence-${(fences += 1)}`;
    const finish = (): void => {
      receiver.off('packet', onPacket);
      receiver.off('close', finish);
      sender.off('close', finish);
      resolve();
    };
    const onPacket = (packet: { type: string; data?: unknown }): void => {
      if (packet.type === 'noop' && packet.data === id) finish();
    };
    if (receiver.readyState !== 'open' || sender.readyState !== 'open') return resolve();
    receiver.on('packet', onPacket);
    receiver.on('close', finish);
    sender.on('close', finish);
    send(id);
  });
}
