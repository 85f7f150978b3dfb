import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Addresses } from '../limits/addresses.js';
import { ConnectionLimits } from '../limits/connection-limits.js';
import type { Server, ServerOptions } from '../socket.io.js';
import { ThrottledLog } from '../throttled-log.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import { guardAllowRequest, guardCors } from './app-checks.js';
import { refuseHandshake } from './handshake-refusal.js';
import type { HandshakeRefusal, UpgradeResponse } from './handshake-refusal.js';
import { isOfOwnPage, originIsAllowed } from './origin.js';

type EngineRequest = IncomingMessage & { _query: { sid?: string } };

const ORIGIN_NOT_ALLOWED: HandshakeRefusal = {
  status: 403,
  code: 'ORIGIN_NOT_ALLOWED',
  message: 'Pages of this origin may not connect',
};

const ORIGIN_MISSING: HandshakeRefusal = {
  status: 403,
  code: 'ORIGIN_MISSING',
  message: 'Only pages of allowed origins may connect',
};

/**
 * Decides who may open a connection, before anything is kept for it: by the origin of the page, on every request of every
 * transport, and by how many connections there are. What the app itself decides, by `allowRequest`, comes after.
 */
@Injectable()
export class Admission {
  private readonly log = new ThrottledLog(Admission.name);

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(Addresses) private readonly addresses: Addresses,
    @Inject(ConnectionLimits) private readonly limits: ConnectionLimits,
  ) {}

  /** The options with which a server is to be created: what the app's own checks throw is a refusal. */
  guardOptions(options: ServerOptions): ServerOptions {
    const { allowRequest, cors, connectTimeout = 10_000 } = options;
    const onFailure = (option: string, error: unknown): void =>
      this.log.error(option, `A handshake is refused, since the option "${option}" failed`, error);
    return {
      ...options,
      ...(cors && { cors: guardCors(cors, onFailure) }),
      ...(allowRequest && { allowRequest: guardAllowRequest(allowRequest, connectTimeout, onFailure) }),
    };
  }

  guard(server: Server): void {
    const { engine } = server;
    engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
      const refusal = this.judge(request, response);
      if (refusal) refuseHandshake(engine, request, response, refusal);
      else next();
    });
    this.surviveBreakOffs(server);
  }

  /** As long as the app's checks run, nobody else listens to the TCP socket: a client that breaks off would end the process. */
  private surviveBreakOffs(server: Server): void {
    (server.httpServer as HttpServer).prependListener('upgrade', ({ url }, socket) => {
      if (url?.startsWith(server.path())) socket.on('error', ignore);
    });
    server.engine.on('connection', ({ request }) => request.socket.off('error', ignore));
  }

  /** CORS preflights are none of this: the option `cors` answers them. */
  private judge(
    request: EngineRequest,
    response: ServerResponse | UpgradeResponse,
  ): HandshakeRefusal | undefined {
    if (request.method === 'OPTIONS') return undefined;
    const isHandshake = request._query.sid === undefined;
    return (
      this.judgeOrigin(request, response, isHandshake) ??
      (isHandshake ? this.judgeNumber(request) : undefined)
    );
  }

  private judgeOrigin(
    request: EngineRequest,
    response: ServerResponse | UpgradeResponse,
    isHandshake: boolean,
  ): HandshakeRefusal | undefined {
    const { origin } = request.headers;
    if (origin === undefined) {
      if (!isHandshake || this.options.admission.allowMissingOrigin || isOfOwnPage(request)) return undefined;
      this.log.warn(
        ORIGIN_MISSING.code,
        'Refused a connection without an origin: allowMissingOrigin is false',
      );
      return ORIGIN_MISSING;
    }
    if (originIsAllowed(origin, request, response, this.addresses.proxies)) return undefined;
    this.log.warn(
      ORIGIN_NOT_ALLOWED.code,
      `Refused a connection: its origin ${JSON.stringify(origin.slice(0, 100))} is not allowed by cors.origin`,
    );
    return ORIGIN_NOT_ALLOWED;
  }

  private judgeNumber(request: EngineRequest): HandshakeRefusal | undefined {
    const full = this.limits.judge(request);
    if (full)
      this.log.warn(
        full.code,
        `Refused a connection from ${this.addresses.countedAddressOf(request)}: ${full.message}`,
      );
    return full;
  }
}

function ignore(): void {}
