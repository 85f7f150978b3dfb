import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket as TcpSocket } from 'node:net';
import type { Server } from '../socket-io/socket.io.js';

/** Of fewer connections, it is not looked at once which are gone. */
const LEAST = 64;
/** How often it is looked in any case, in milliseconds. */
const INTERVAL = 1_000;

/** The latest answer of a connection, which ends behind all others of it. */
const ANSWER = Symbol('answer');

type AskedSocket = TcpSocket & { [ANSWER]?: ServerResponse };

/**
 * The TCP connections of an HTTP server. When a server closes, Node ends those that have had an answer, and waits for all
 * others: for those on which nobody ever asked anything too.
 */
export class HttpConnections {
  private readonly sockets = new Set<AskedSocket>();
  /** What is no HTTP any more, and none of Engine.IO's, by the request that began it: WebSockets of others. */
  private readonly upgraded = new Map<Duplex, IncomingMessage>();
  private readonly enginePaths = new Set<string>();
  /** How many there are when it is time to look again. */
  private lookAt = LEAST;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private isSweepDue = false;

  constructor(server: HttpServer) {
    const onConnection = (socket: TcpSocket): void => {
      if (this.closing) return void socket.destroy();
      // To listen for the end of each would take memory for each.
      this.sockets.add(socket);
      if (!this.timer || this.sockets.size > this.lookAt) this.forgetGone();
    };
    // Under TLS a request has another socket than the TCP connection.
    server.on('connection', onConnection).on('secureConnection', onConnection);
    server.on('request', ({ socket }: { socket: AskedSocket }, response: ServerResponse) => {
      socket[ANSWER] = response;
      if (this.closing) response.once('close', this.sweepSoon);
    });
    // Without anybody who listens, Node answers such a request as any other.
    if (server.listenerCount('upgrade') > 0) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        if ([...this.enginePaths].some((path) => request.url?.startsWith(path))) return;
        this.upgraded.set(socket, request);
        socket.once('close', () => this.upgraded.delete(socket));
      });
    }
  }

  /** What is upgraded at the path of this server is Engine.IO's. */
  serve(server: Server): void {
    this.enginePaths.add(server.path());
  }

  /** Ends what is idle, now and from now on; what is being answered, and other upgrades, may end by themselves. */
  close(): void {
    this.closing = true;
    for (const answer of this.answers) answer.once('close', this.sweepSoon);
    this.sweep();
  }

  /** Ends everything. @returns what was not at its end, for readers */
  cut(): string[] {
    this.closing = true;
    const { requests } = this;
    // A socket that is destroyed does not know its address any more.
    const names = requests.map(nameOf);
    for (const { socket } of requests) socket.destroy();
    for (const socket of this.sockets) socket.destroy();
    return names;
  }

  private readonly forgetGone = (): void => {
    for (const socket of this.sockets) if (socket.destroyed) this.sockets.delete(socket);
    this.lookAt = 2 * this.sockets.size + LEAST;
    clearTimeout(this.timer);
    this.timer = this.sockets.size > 0 ? setTimeout(this.forgetGone, INTERVAL).unref() : undefined;
  };

  /** Many may come to their end in one turn of the event loop. */
  private readonly sweepSoon = (): void => {
    if (this.isSweepDue) return;
    this.isSweepDue = true;
    setImmediate(() => {
      this.isSweepDue = false;
      this.sweep();
    });
  };

  private sweep(): void {
    const busy = new Set(this.requests.map(({ socket }) => keyOf(socket)));
    for (const socket of this.sockets) if (!busy.has(keyOf(socket))) socket.destroy();
  }

  /** What has not come to its end. */
  private get requests(): IncomingMessage[] {
    return [...this.answers.map(({ req }) => req), ...this.upgraded.values()];
  }

  private get answers(): ServerResponse[] {
    return [...this.sockets].flatMap(({ destroyed, [ANSWER]: answer }) =>
      destroyed || !answer || answer.closed ? [] : [answer],
    );
  }
}

/** The other end's port says that a TCP connection and the TLS on it are one. */
function keyOf(socket: TcpSocket): TcpSocket | string {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

/** Without the query, in which there may be secrets. Express shortens the URL as it goes, and keeps the original. */
function nameOf(request: IncomingMessage & { originalUrl?: string }): string {
  const { method, url = '/', originalUrl = url, socket } = request;
  return `${method} ${originalUrl.replace(/\?.*/s, '')} of ${socket.remoteAddress}`;
}
