import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { RedisBackplane } from './redis-backplane.js';
import type { Server, ServerOptions } from './socket.io.js';
import { WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import { DEFAULT_SERVER_OPTIONS } from './websocket.options.js';
import type { ResolvedWebsocketOptions } from './websocket.options.js';

/** Nest's Socket.IO adapter, with the options of {@link WebsocketModule} on every server that it builds. */
@Injectable()
export class WebsocketAdapter extends IoAdapter {
  private readonly serverOptions: ServerOptions;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) options: ResolvedWebsocketOptions,
    @Inject(HttpAdapterHost) httpAdapterHost: HttpAdapterHost,
    @Optional() @Inject(RedisBackplane) backplane: RedisBackplane | undefined,
  ) {
    super();
    // Nest instantiates providers before it builds the HTTP server, which the base class wants at once.
    Object.defineProperty(this, 'httpServer', { get: () => httpAdapterHost.httpAdapter?.getHttpServer() });
    this.serverOptions = { ...options.server, ...(backplane && { adapter: backplane.adapter }) };
  }

  /** A gateway's decorator goes before the kit's defaults, and the module's options before both. */
  override createIOServer(port: number, options?: ServerOptions): Server {
    const merged = { ...DEFAULT_SERVER_OPTIONS, ...options, ...this.serverOptions };
    this.warnOfOpenOrigin(merged);
    return super.createIOServer(port, merged as Parameters<IoAdapter['createIOServer']>[1]);
  }

  private warned = false;

  private warnOfOpenOrigin({ cors }: ServerOptions): void {
    const open = typeof cors === 'object' && cors.origin === '*';
    if (!open || this.warned || process.env.NODE_ENV !== 'production') return;
    this.warned = true;
    new Logger(WebsocketAdapter.name).warn(
      'Pages of every origin may connect: cors.origin is "*". ' +
        'Name the allowed ones: WebsocketModule.forRoot({ cors: { origin: ["https://app.example.com"] } })',
    );
  }
}
