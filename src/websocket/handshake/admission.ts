import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { coalesceWrites } from '../socket-io/coalesced-writes.js';
import { connectionOf, isHandshake, isHttp } from '../socket-io/engine-internals.js';
import type { EngineRequest, UpgradeResponse } from '../socket-io/engine-internals.js';
import { ThrottledLog } from '../errors/throttled-log.js';
import type { Server, ServerOptions } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { guardAllowRequest, guardCors, type Guard } from './guarded-options.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { ClientAddresses } from './client-addresses.js';
import { ConnectionLimits } from './connection-limits.js';
import { HandshakeRefusal, refuseHandshake } from './handshake-refusal.js';
import { originIsAllowed } from './origin.js';
import { perTurn } from './per-turn-queue.js';
import { shareTexts } from './interned-headers.js';

const ORIGIN_NOT_ALLOWED = new HandshakeRefusal(403, 'ORIGIN_NOT_ALLOWED', 'Pages of this origin may not connect');
const ORIGIN_MISSING = new HandshakeRefusal(403, 'ORIGIN_MISSING', 'Only pages of allowed origins may connect');
const UNAVAILABLE = new HandshakeRefusal(503, 'UNAVAILABLE', 'The server can let nobody in at the moment', 2);

/** How long a WebSocket that Engine.IO closes may take to end, in milliseconds. */
const FAREWELL = 1_000;

/**
 * Decides which clients may open a connection, before any memory is used for it. It checks the origin of the page on
 * every request of every transport, and the limits on each handshake. The app's own `allowRequest` runs after that.
 */
@Injectable()
export class Admission implements OnApplicationShutdown {
  private readonly log = new ThrottledLog(Admission.name);
  // It takes some tenths of a millisecond to set up a connection or to answer a refusal.
  private readonly accept = perTurn(8);
  private readonly refuse = perTurn(5);

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(ClientAddresses) private readonly addresses: ClientAddresses,
    @Inject(ConnectionLimits) private readonly limits: ConnectionLimits,
    @Inject(CircuitBreaker) private readonly breaker: CircuitBreaker,
  ) {}

  /** The options for a new server: if one of the app's own checks fails, the handshake is refused. */
  guardOptions(options: ServerOptions): ServerOptions {
    const { allowRequest, cors, connectTimeout: timeout = 45_000 } = options;
    const onFailure: Guard['onFailure'] = (option, error) =>
      this.log.error(option, `A handshake is refused, since the option "${option}" failed`, error);
    return {
      ...options,
      ...(cors && { cors: guardCors(cors, { timeout, onFailure }) }),
      ...(allowRequest && { allowRequest: guardAllowRequest(allowRequest, { timeout, onFailure }) }),
    };
  }

  onApplicationShutdown(): void {
    this.log.flush();
  }

  install(server: Server): void {
    const { engine } = server;
    engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
      const refused = request.method === 'OPTIONS' ? undefined : this.judge(request, response);
      if (refused) this.refuse(() => refuseHandshake(engine, request, response, refused));
      else if (isHandshake(request)) this.accept(next);
      else {
        if (!isHttp(response)) endFurtherUpgrade(engine, request);
        next();
      }
    });
    // Engine.IO emits this right before it writes the answer to a handshake, and sends the first packet right after it.
    engine.on('initial_headers', (_headers: object, { headers, socket }: IncomingMessage) => {
      // The answer to a poll is a single write already.
      if (headers.upgrade) coalesceWrites(socket);
    });
    // If the handshake fails in between, Engine.IO writes an error and destroys the socket. Corked data would be lost.
    engine.on('connection_error', ({ req }: { req: IncomingMessage }) => req.socket.uncork());
    // While the app's checks run, the TCP socket has no error listener. A reset by the client would end the process.
    (server.httpServer as HttpServer).prependListener('upgrade', (request, socket) => {
      if (!request.url?.startsWith(server.path())) return;
      shareTexts(request);
      socket.on('error', ignore);
    });
    engine.on('connection', ({ request }) => request.socket.off('error', ignore));
  }

  private judge(request: EngineRequest, response: ServerResponse | UpgradeResponse): HandshakeRefusal | undefined {
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && !originIsAllowed(origin, response, () => this.addresses.hostOf(request))) {
      const shown = JSON.stringify(origin.slice(0, 100));
      return this.because(ORIGIN_NOT_ALLOWED, `its origin ${shown} is not allowed by cors.origin`);
    }
    if (!isHandshake(request)) return undefined;
    if (origin === undefined && !this.options.allowMissingOrigin && site !== 'same-origin')
      return this.because(ORIGIN_MISSING, 'it names no origin, and allowMissingOrigin is false');
    const full = this.limits.judge(request);
    if (full) return this.because(full, full.message, this.addresses.addressOf(request));
    return this.breaker.admits() ? undefined : UNAVAILABLE;
  }

  private because(refused: HandshakeRefusal, why: string, address?: string): HandshakeRefusal {
    const from = address === undefined ? '' : ` from ${address}`;
    this.log.warn(refused.code, () => `Refused a connection${from}: ${why}`);
    return refused;
  }
}

/**
 * Engine.IO closes a second WebSocket of a session, but `ws` would keep it for 30 s, and nothing counts it. If the
 * session began with a WebSocket, Engine.IO would replace that one by the second, which nothing would pace.
 */
function endFurtherUpgrade(engine: Server['engine'], { _query: { sid }, socket }: EngineRequest): void {
  const connection = connectionOf(engine, sid);
  if (connection?.transport.name === 'websocket') connection.upgraded = true;
  if (connection?.upgrading || connection?.upgraded) setTimeout(() => socket.destroy(), FAREWELL).unref();
}

function ignore(): void {}
