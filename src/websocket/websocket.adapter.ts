import type { Server as HttpServer } from 'node:http';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Connections } from './connection/connections.js';
import { leaveBeforeJoin } from './connection/pending-joins.js';
import type { Ack, MessageHandler } from './dispatch/message-handler.js';
import { Flow } from './flow/flow.js';
import type { Gateway } from './gateways/gateway.js';
import { Gateways } from './gateways/gateways.js';
import { ServerPlaces } from './gateways/server-places.js';
import { Handshakes } from './handshake/handshakes.js';
import { WebsocketOptionsError } from './option-rules.js';
import { RedisBackplane } from './redis-backplane.js';
import { Shutdown } from './shutdown/shutdown.js';
import type { Namespace, Server, ServerOptions, Socket } from './socket.io.js';
import { WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import { DEFAULT_SERVER_OPTIONS } from './websocket.options.js';
import type { ResolvedWebsocketOptions } from './websocket.options.js';

/** What Nest asks for: what a gateway's decorator says and, for a namespace, the server that is to have it. */
interface GatewayOptions {
  path?: string;
  namespace?: string | RegExp;
  server?: Server;
}

/** Nest's Socket.IO adapter, with the options of {@link WebsocketModule} on every server that it builds. */
@Injectable()
export class WebsocketAdapter extends IoAdapter implements OnApplicationBootstrap {
  private readonly places = new ServerPlaces();
  private readonly serverOptions: ServerOptions;
  private readonly served = new WeakSet<Namespace>();
  /** The namespaces of a pattern, by port, path and pattern: Socket.IO would make others for each gateway. */
  private readonly patterns = new Map<string, Server>();
  /** The gateways of each server or namespace that Nest has asked for. */
  private readonly gatewaysOn = new WeakMap<object, readonly Gateway[]>();

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(HttpAdapterHost) httpAdapterHost: HttpAdapterHost,
    @Inject(Gateways) private readonly gateways: Gateways,
    @Inject(Handshakes) private readonly handshakes: Handshakes,
    @Inject(Flow) private readonly flow: Flow,
    @Inject(Connections) private readonly connections: Connections,
    @Inject(Shutdown) private readonly shutdown: Shutdown,
    @Optional() @Inject(RedisBackplane) private readonly backplane: RedisBackplane | undefined,
  ) {
    super();
    // Nest instantiates providers before it builds the HTTP server, which the base class wants at once.
    Object.defineProperty(this, 'httpServer', { get: () => httpAdapterHost.httpAdapter?.getHttpServer() });
    this.serverOptions = { ...options.server, ...(backplane && { adapter: backplane.adapter }) };
  }

  /** Nest asks for a server once, with the options of the first of its gateways, and for a namespace of it. */
  override create(...[port, options]: Parameters<IoAdapter['create']>): Server {
    const { path, namespace, server } = (options ?? {}) as GatewayOptions;
    const shared = server ? {} : this.gateways.serverOptions(port, path);
    const pattern = namespace instanceof RegExp ? [port, path, namespace].join(' ') : '';
    const known = this.patterns.get(pattern);
    if (known) return known;
    const created = super.create(port, { ...shared, ...options } as typeof options) as Server;
    if (pattern) {
      this.patterns.set(pattern, created);
      // Its namespaces are not yet there; those that come inherit its middlewares.
      this.connections.guardNamespace(created as unknown as Namespace);
    }
    this.gatewaysOn.set(created, this.gateways.at(port, path, namespace ?? '/'));
    return created;
  }

  /** Nest's callback would set up each of the gateway's handlers on each socket; all that it does is done here. */
  override bindClientConnect(server: Server | Namespace): void {
    const namespace = 'engine' in server ? server.of('/') : server;
    if (this.served.has(namespace)) return;
    this.served.add(namespace);
    this.connections.serve(namespace, this.gatewaysOn.get(server) ?? []);
  }

  /**
   * Runs a handler on a client's event: guards, interceptors, pipes, the method. What it returns, or throws, becomes the
   * answer. A subclass may put itself around it, to trace or to measure.
   */
  handleMessage(handler: MessageHandler, client: Socket, data: unknown, ack: Ack | undefined): unknown {
    return handler.run(client, data, ack);
  }

  /** A gateway's decorator goes before the kit's defaults, and the module's options before both. */
  override createIOServer(port: number, options?: ServerOptions): Server {
    const merged: ServerOptions = { ...DEFAULT_SERVER_OPTIONS, ...options, ...this.serverOptions };
    if (merged.connectionStateRecovery && this.backplane) {
      const expected = 'none beside "redis", whose adapter cannot recover a session';
      throw new WebsocketOptionsError('connectionStateRecovery', merged.connectionStateRecovery, expected);
    }
    // Who comes back by a recovered state is asked for as well: it may have been revoked meanwhile.
    if (this.options.authentication && merged.connectionStateRecovery) {
      merged.connectionStateRecovery = { skipMiddlewares: false, ...merged.connectionStateRecovery };
    }
    this.warnOfOpenOrigin(merged);
    this.places.claim(port, merged);
    const guarded = this.handshakes.guardOptions(merged);
    const server = super.createIOServer(port, guarded as Parameters<IoAdapter['createIOServer']>[1]);
    const { httpServer } = server as { httpServer: HttpServer };
    if (httpServer !== this.httpServer) this.places.expect(httpServer, port);
    this.handshakes.install(server);
    this.flow.install(server, leaveBeforeJoin);
    this.connections.guard(server, (handler, client, data, ack) =>
      this.handleMessage(handler, client, data, ack),
    );
    this.shutdown.track(server);
    refuseFurtherEngines(server);
    return server;
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.gateways.initialised();
      await this.places.opened();
    } catch (error) {
      this.places.close();
      throw error;
    }
  }

  override async close(server: Server): Promise<void> {
    // The base class does not close one whose connections Nest has been told to force closed.
    if ('engine' in server) await this.shutdown.close(server, this.forceCloseConnections);
  }

  private warned = false;

  private warnOfOpenOrigin({ cors }: ServerOptions): void {
    if (!allowsEveryOrigin(cors) || this.warned || process.env.NODE_ENV !== 'production') return;
    this.warned = true;
    new Logger(WebsocketAdapter.name).warn(
      'Pages of every origin may connect: cors.origin does not say which. ' +
        'Name the allowed ones: WebsocketModule.forRoot({ cors: { origin: ["https://app.example.com"] } })',
    );
  }
}

/** Without `origin`, the package `cors` allows all; with `true`, whichever asks. */
function allowsEveryOrigin(cors: ServerOptions['cors']): boolean {
  return (
    typeof cors === 'object' && [undefined, '*', true].includes(cors.origin as string | true | undefined)
  );
}

/** What guards a server guards its one engine: clients that come by another would be bound by nothing. */
function refuseFurtherEngines(server: Server): void {
  server.bind = () => {
    throw new Error(
      'A Socket.IO server of WebsocketModule cannot be attached to a further server. ' +
        'Give a gateway another port by its decorator, @WebSocketGateway(8080), and it has a server of its own.',
    );
  };
}
