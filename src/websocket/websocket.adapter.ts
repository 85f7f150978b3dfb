import type { Server as HttpServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Logger, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Connections } from './connection/connections.js';
import { packetListener } from './connection/pending-joins.js';
import type { Ack, MessageHandler } from './dispatch/message-handler.js';
import { Flow } from './flow/flow.js';
import { ServerFlow } from './flow/server-flow.js';
import { isSameNamespace, isSamePlace, type Gateway, type NamespaceName, type Place } from './nest/gateway.js';
import { Gateways } from './nest/gateways.js';
import { ServerRegistry } from './nest/server-registry.js';
import { runMiddlewaresAtOnce } from './socket-io/engine-middlewares.js';
import { Handshakes } from './handshake/handshakes.js';
import { allowsEveryOrigin, corsOptions } from './handshake/origin.js';
import { limits as DEFAULTS } from './options/limits.options.js';
import { WebsocketOptionsError } from './options/option-rules.js';
import { RedisBackplane } from './redis/redis-backplane.js';
import { Shutdown } from './shutdown/shutdown.js';
import type { Namespace, Server, ServerOptions, Socket } from './socket-io/socket.io.js';
import { DEFAULT_SERVER_OPTIONS, WEBSOCKET_OPTIONS } from './options/websocket.options.js';
import type { ResolvedWebsocketOptions } from './options/websocket.options.js';

/** What Nest asks for: what a gateway's decorator says and, for a namespace, the server that is to have it. */
interface GatewayOptions {
  path?: string;
  namespace?: NamespaceName;
  server?: Server;
}

type CreateOptions = Parameters<IoAdapter['create']>[1];

/**
 * Nest's Socket.IO adapter, with the options of {@link WebsocketModule} on every server that it builds.
 *
 * A subclass may be set in its place. It is a provider of a module that imports `WebsocketModule`, may have a constructor of
 * its own, and is given to `app.useWebSocketAdapter(app.get(TracingAdapter))`.
 */
@Injectable()
export class WebsocketAdapter extends IoAdapter implements OnApplicationBootstrap {
  @Inject(WEBSOCKET_OPTIONS) private readonly options!: ResolvedWebsocketOptions;
  @Inject(HttpAdapterHost) private readonly httpAdapterHost!: HttpAdapterHost;
  @Inject(Gateways) private readonly gateways!: Gateways;
  @Inject(Handshakes) private readonly handshakes!: Handshakes;
  @Inject(Flow) private readonly flow!: Flow;
  @Inject(Connections) private readonly connections!: Connections;
  @Inject(Shutdown) private readonly shutdown!: Shutdown;
  @Optional() @Inject(RedisBackplane) private readonly backplane?: RedisBackplane;
  private readonly registry = new ServerRegistry();
  private readonly closed = new WeakSet<Server>();
  /** Nest asks twice for one where `EventsGateway` is beside others. */
  private readonly servers: { readonly place: Place; readonly server: Server }[] = [];
  /** The namespaces of a pattern: Socket.IO would make others for each gateway. */
  private readonly patterns: { readonly of: Server; readonly pattern: NamespaceName; readonly made: Server }[] = [];
  /** The gateways of each server or namespace that Nest has asked for. */
  private readonly gatewaysOn = new WeakMap<object, readonly Gateway[]>();

  constructor() {
    super();
    // Nest instantiates providers before it builds the HTTP server, which the base class wants at once.
    Object.defineProperty(this, 'httpServer', {
      get: () => this.httpAdapterHost.httpAdapter?.getHttpServer() as unknown,
    });
  }

  /** Nest asks for a server once, with the options of the first of its gateways, and for a namespace of it. */
  override create(port: number, options: GatewayOptions = {}): Server {
    const { path, namespace, server } = options;
    const place = this.gateways.placeOf({ port, path });
    const created = server ? this.createNamespace(server, options) : this.createServer(place, options);
    this.gatewaysOn.set(created, this.gateways.at(place, namespace ?? '/'));
    return created;
  }

  private createServer(place: Place, options: GatewayOptions): Server {
    const known = this.servers.find((one) => isSamePlace(one.place, place));
    if (known) return known.server;
    const shared = this.gateways.serverOptions(place, this.serverOptions);
    const server = super.create(place.port, { ...shared, ...options } as CreateOptions) as Server;
    this.servers.push({ place, server });
    return server;
  }

  private createNamespace(server: Server, options: GatewayOptions): Server {
    const { namespace = '/' } = options;
    if (typeof namespace === 'string') return super.create(0, options as CreateOptions) as Server;
    const known = this.patterns.find(({ of, pattern }) => of === server && isSameNamespace(pattern, namespace));
    if (known) return known.made;
    const made = super.create(0, { ...options, namespace: stateless(namespace) } as CreateOptions) as Server;
    this.patterns.push({ of: server, pattern: namespace, made });
    // Its namespaces are not yet there; those that come inherit its middlewares.
    this.connections.guardNamespace(made as unknown as Namespace);
    return made;
  }

  /** Nest's callback would set up each of the gateway's handlers on each socket; all that it does is done here. */
  override bindClientConnect(server: Server | Namespace): void {
    const namespace = 'engine' in server ? server.of('/') : server;
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
    this.connections.prepare();
    const merged: ServerOptions = { ...DEFAULT_SERVER_OPTIONS, ...options, ...this.serverOptions };
    merged.cors = corsOptions(merged.cors) as ServerOptions['cors'];
    if (merged.connectionStateRecovery && this.backplane) {
      const expected = 'none beside "redis", whose adapter cannot recover a session';
      throw new WebsocketOptionsError('connectionStateRecovery', merged.connectionStateRecovery, expected);
    }
    // Who comes back by a recovered state is asked for as well: it may have been revoked meanwhile.
    if (this.options.authentication && merged.connectionStateRecovery) {
      merged.connectionStateRecovery = { ...merged.connectionStateRecovery, skipMiddlewares: false };
    }
    this.warnOfOpenOrigin(merged);
    this.registry.claim(port, merged);
    const guarded = this.handshakes.guardOptions(merged);
    const server = super.createIOServer(port, guarded as Parameters<IoAdapter['createIOServer']>[1]);
    const { httpServer } = server as { httpServer: HttpServer };
    if (httpServer !== this.httpServer) this.registry.expect(httpServer, port);
    this.handshakes.install(server);
    new ServerFlow(server, this.flow, packetListener).install();
    runMiddlewaresAtOnce(server.engine);
    this.connections.guard(server, (handler, client, data, ack) => this.handleMessage(handler, client, data, ack));
    this.shutdown.track(server);
    refuseFurtherEngines(server);
    return server;
  }

  /** @internal Whether it was made by Nest, and has what the module gives it. */
  get isProvided(): boolean {
    return Boolean(this.options);
  }

  /** @internal All clients of a test have one address, and are no flood. Lifts what the app has not set itself. */
  liftDefaultLimitsPerAddress(): void {
    const { limits } = this.options;
    if (limits.connectionsPerAddress === DEFAULTS.connectionsPerAddress.default) limits.connectionsPerAddress = false;
    if (isDeepStrictEqual(limits.connectRate, DEFAULTS.connectRate.default)) limits.connectRate = false;
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.gateways.initialised();
      await this.registry.opened();
    } catch (error) {
      this.registry.close();
      throw error;
    }
  }

  override async close(server: Server): Promise<void> {
    // The base class does not close one whose connections Nest has been told to force closed.
    if (!('engine' in server) || this.closed.has(server)) return;
    this.closed.add(server);
    await this.shutdown.close(server, this.forceCloseConnections);
  }

  private get serverOptions(): ServerOptions {
    return { ...this.options.server, ...(this.backplane && { adapter: this.backplane.adapter }) };
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

/** With one of these flags a pattern goes on from where it has matched last: it would refuse every second client. */
function stateless(namespace: NamespaceName): NamespaceName {
  return namespace instanceof RegExp
    ? new RegExp(namespace.source, namespace.flags.replaceAll(/[gy]/g, ''))
    : namespace;
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
