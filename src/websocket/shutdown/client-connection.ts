import { setImmediate } from 'node:timers';
import type { Deadline } from '../timing/deadline.js';
import { allConnectionsOf, ping, tcpOf, transportOf, type Connection } from '../socket-io/engine-internals.js';
import { endSocket, namespacesOf } from '../socket-io/socket-internals.js';
import type { Server, Socket } from '../socket-io/socket.io.js';

/** All connections of a server, with the sockets of their clients. */
export function connectionsOf(server: Server): ClientConnection[] {
  const sockets = new Map<Connection, Socket[]>(allConnectionsOf(server.engine).map((connection) => [connection, []]));
  for (const namespace of namespacesOf(server)) {
    for (const socket of namespace.sockets.values()) sockets.get(socket.conn)?.push(socket);
  }
  return Array.from(sockets, ([connection, of]) => new ClientConnection(connection, of));
}

/** A client's connection that is to be drained. */
export class ClientConnection {
  /** Whether the client was sent a ping and has not answered it yet. */
  private isMute = false;
  private caughtUp: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly sockets: readonly Socket[] = [],
  ) {}

  /** The socket ids under which its work is in flight: one for each namespace. */
  get ids(): readonly string[] {
    return this.sockets.map(({ id }) => id);
  }

  /** For logs. */
  get name(): string {
    return `client ${this.ids.join(', ') || 'without a namespace'} (${this.connection.transport.name})`;
  }

  /**
   * Resolves when the handlers of all that the client has sent so far have started, or when the connection has closed.
   * It waits for the answer to an Engine.IO ping, because a connection keeps its order. Without a namespace, it
   * resolves at once.
   *
   * @param onSign called for each packet that arrives meanwhile
   */
  catchUp(onSign: () => void): Promise<void> {
    this.caughtUp ??= this.askForSign(onSign);
    return this.caughtUp;
  }

  /** Lets no further event reach a handler, because there is no time left to finish it. */
  holdEvents(): void {
    for (const socket of this.sockets) socket.use(() => {});
  }

  /**
   * Sends what still waits for the client and closes the transport, so that the client reconnects. After a disconnect
   * packet it would not. A client that does not close in time is cut off, where `ws` would wait for 30 s. A client that
   * has not answered the ping, or is in no namespace, is cut off at once.
   *
   * @returns whether a client was cut off
   */
  async close(deadline: Deadline): Promise<boolean> {
    const { connection } = this;
    const { socket } = transportOf(connection);
    if (connection.readyState === 'closed') {
      socket?.terminate();
      return false;
    }
    const closed = Promise.all([
      new Promise((resolve) => connection.once('close', resolve)),
      socket && socket.readyState !== socket.CLOSED && new Promise<void>((resolve) => socket.once('close', resolve)),
    ]);
    this.endSockets();
    connection.close();
    const isThere = !this.isMute && this.sockets.length > 0;
    if (isThere && (await deadline.allows(closed))) return false;
    this.cut();
    return this.sockets.length > 0;
  }

  /** Closes the connection at once. */
  cut(): void {
    this.endSockets();
    const { socket, shouldClose } = transportOf(this.connection);
    // The response to a recent handshake may still be corked.
    tcpOf(this.connection)?.uncork();
    socket?.terminate();
    shouldClose?.();
    this.connection.close(true);
  }

  private endSockets(): void {
    for (const socket of this.sockets) endSocket(socket, 'server shutting down');
  }

  private async askForSign(onSign: () => void): Promise<void> {
    const { connection } = this;
    // In version 3 of the Engine.IO protocol, the clients send the pings.
    if (connection.protocol === 3 || connection.readyState !== 'open' || this.sockets.length === 0) return;
    this.isMute = true;
    let pongs = 2;
    await new Promise((resolve) => {
      const done = (): void => {
        connection.off('packet', onPacket);
        connection.off('close', done);
        // A packet takes several ticks to reach its handler.
        setImmediate(resolve);
      };
      const onPacket = ({ type }: { type: string }): void => {
        onSign();
        if (type !== 'pong') return;
        pongs -= 1;
        if (pongs > 0) return;
        this.isMute = false;
        done();
      };
      connection.on('packet', onPacket);
      connection.on('close', done);
      // The first pong may answer a ping that was sent before. The second one answers one of these.
      ping(connection);
      ping(connection);
    });
  }
}
