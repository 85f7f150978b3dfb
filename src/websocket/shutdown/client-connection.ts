import { setImmediate } from 'node:timers';
import type { Deadline } from '../timing/deadline.js';
import {
  allConnectionsOf,
  awaitsPong,
  ping,
  tcpOf,
  transportOf,
  type Connection,
  WEBSOCKET_CLOSED,
} from '../socket-io/engine-internals.js';
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

/** The connection of a client that is to leave. */
export class ClientConnection {
  /** Whether there is nobody at the other end, as far as is known. */
  private isMute = false;
  private caughtUp: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly sockets: readonly Socket[] = [],
  ) {}

  /** The ids under which its work is noted: one for each namespace. */
  get ids(): readonly string[] {
    return this.sockets.map(({ id }) => id);
  }

  /** For readers. */
  get name(): string {
    return `client ${this.ids.join(', ') || 'without a namespace'} (${this.connection.transport.name})`;
  }

  /**
   * Resolves when all that the client has sent so far is being dealt with, or the connection is gone: it answers a ping
   * of Engine.IO's, and a connection keeps order. Where no namespace is joined, there is nothing to deal with.
   *
   * @param onSign called for each packet that comes meanwhile
   */
  catchUp(onSign: () => void): Promise<void> {
    this.caughtUp ??= this.askForSign(onSign);
    return this.caughtUp;
  }

  /** Lets no further event reach a handler: it would begin what there is no time to end. */
  holdEvents(): void {
    for (const socket of this.sockets) socket.use(() => {});
  }

  /**
   * Sends what still waits for the client and closes the transport, upon which it connects anew by itself; told to
   * disconnect, it would not. Who does not take leave in time is cut off, where `ws` would wait for 30 s; from a client
   * that is mute, or that has not joined a namespace, nothing is awaited.
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
      socket && socket.readyState !== WEBSOCKET_CLOSED && new Promise<void>((resolve) => socket.once('close', resolve)),
    ]);
    this.endSockets();
    connection.close();
    const isThere = !this.isMute && this.sockets.length > 0;
    if (isThere && (await deadline.allows(closed))) return false;
    this.cut();
    return this.sockets.length > 0;
  }

  /** Ends it at once. */
  cut(): void {
    this.endSockets();
    const { socket, shouldClose } = transportOf(this.connection);
    // Of a handshake that has just come the answer may not have left.
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
    // Of the third protocol the clients send the pings.
    if (connection.protocol === 3 || connection.readyState !== 'open' || this.sockets.length === 0) return;
    this.isMute = true;
    // One that is under way will be answered first.
    let pongs = awaitsPong(connection) ? 2 : 1;
    await new Promise((resolve) => {
      const done = (): void => {
        connection.off('packet', onPacket);
        connection.off('close', done);
        // Between a packet and its handler there are several ticks.
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
      ping(connection);
    });
  }
}
