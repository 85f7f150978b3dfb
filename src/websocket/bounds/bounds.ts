import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Addresses } from '../limits/addresses.js';
import { ConnectionLimits } from '../limits/connection-limits.js';
import type { Server } from '../socket.io.js';
import { ThrottledLog } from '../throttled-log.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import { MessageRate } from './message-rate.js';
import { boundBody } from './request-bodies.js';
import { ServerBounds } from './server-bounds.js';
import type { CommonBounds } from './server-bounds.js';

/**
 * Bounds what one connection may cost: what it sends in size, depth, time and number, and what is kept for it when it
 * does not read. A client that goes beyond is told why where it can be, logged and disconnected.
 */
@Injectable()
export class Bounds implements OnApplicationShutdown {
  private readonly common: CommonBounds;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) { bounds, limits }: ResolvedWebsocketOptions,
    @Inject(Addresses) addresses: Addresses,
    @Inject(ConnectionLimits) connections: ConnectionLimits,
  ) {
    this.common = {
      options: bounds,
      counts: limits && { addresses, connections },
      rate: MessageRate.of(limits),
      log: new ThrottledLog(Bounds.name),
    };
  }

  onApplicationShutdown(): void {
    this.common.log.flush();
  }

  guard(server: Server): void {
    const { packetTimeout } = this.common.options;
    (server.httpServer as HttpServer).on('request', (request: IncomingMessage) => {
      if (request.url?.startsWith(server.path())) boundBody(request, packetTimeout);
    });
    new ServerBounds(server, this.common).install();
  }
}
