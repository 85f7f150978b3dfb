import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket as TcpSocket } from 'node:net';
import type { Server } from '../socket-io/socket.io.js';

/** The least number of new connections after which destroyed sockets are forgotten ahead of the interval. */
const LEAST = 64;
/** How often destroyed sockets are forgotten in any case, in milliseconds. */
const INTERVAL = 1_000;

/** The latest response of a connection, which ends after all its earlier ones. */
const ANSWER = Symbol('answer');

type AskedSocket = TcpSocket & { [ANSWER]?: ServerResponse };

/**
 * The TCP connections of an HTTP server. When a server closes, Node ends the idle connections that have had a response.
 * It waits for all others, even for those that have never sent a request.
 */
export class HttpConnections {
  private readonly sockets = new Set<AskedSocket>();
  /** Upgraded sockets that are not Engine.IO's, such as other WebSockets, with the request that upgraded them. */
  private readonly upgraded = new Map<Duplex, IncomingMessage>();
  private readonly enginePaths = new Set<string>();
  /** Above this number of sockets, destroyed ones are forgotten ahead of the interval. */
  private lookAt = LEAST;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private isSweepDue = false;

  constructor(server: HttpServer) {
    const onConnection = (socket: TcpSocket): void => {
      if (this.closing) return void socket.destroy();
      // A `close` listener on each socket would take more memory.
      this.sockets.add(socket);
      if (!this.timer || this.sockets.size > this.lookAt) this.forgetGone();
    };
    // With TLS, the socket of a request is not the TCP socket.
    server.on('connection', onConnection).on('secureConnection', onConnection);
    server.on('request', ({ socket }: { socket: AskedSocket }, response: ServerResponse) => {
      socket[ANSWER] = response;
      if (this.closing) response.once('close', this.sweepSoon);
    });
    // Without an `upgrade` listener, Node answers an upgrade request like any other request.
    if (server.listenerCount('upgrade') > 0) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        if ([...this.enginePaths].some((path) => request.url?.startsWith(path))) return;
        this.upgraded.set(socket, request);
        socket.once('close', () => this.upgraded.delete(socket));
      });
    }
  }

  /** Upgrades at the path of this server are Engine.IO's. */
  serve(server: Server): void {
    this.enginePaths.add(server.path());
  }

  /** Ends idle connections, now and as soon as others become idle. Requests in flight and other upgrades may finish. */
  close(): void {
    this.closing = true;
    for (const answer of this.answers) answer.once('close', this.sweepSoon);
    this.sweep();
  }

  /** Destroys all connections. @returns the requests that had not ended, as text for the log */
  cut(): string[] {
    this.closing = true;
    const { requests } = this;
    // A destroyed socket has no address.
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

  /** Sweeps once for all responses that end in one turn of the event loop. */
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

  /** The requests that have not ended, including those of other upgrades. */
  private get requests(): IncomingMessage[] {
    return [...this.answers.map(({ req }) => req), ...this.upgraded.values()];
  }

  private get answers(): ServerResponse[] {
    return [...this.sockets].flatMap(({ destroyed, [ANSWER]: answer }) =>
      destroyed || !answer || answer.closed ? [] : [answer],
    );
  }
}

/** A TCP socket and the TLS socket on it have the same remote address and port. */
function keyOf(socket: TcpSocket): TcpSocket | string {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}

/** Without the query, which may contain secrets. Express shortens `url` while it routes, and keeps `originalUrl`. */
function nameOf(request: IncomingMessage & { originalUrl?: string }): string {
  const { method, url = '/', originalUrl = url, socket } = request;
  return `${method} ${originalUrl.replace(/\?.*/s, '')} of ${socket.remoteAddress}`;
}
