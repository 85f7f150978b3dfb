import type { Server as HttpServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Logger, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Connections } from './connection/connections.js';
import type { Ack, MessageHandler } from './dispatch/message-handler.js';
import { Flow } from './flow/shared-flow.js';
import { ServerFlow } from './flow/server-flow.js';
import { isSameNamespace, isSamePlace, type Gateway, type NamespaceName, type Place } from './nest/gateway.js';
import { Gateways } from './nest/gateways.js';
import { ServerRegistry } from './nest/server-registry.js';
import { runMiddlewaresAtOnce } from './socket-io/engine-middlewares.js';
import { Admission } from './handshake/admission.js';
import { allowsEveryOrigin, corsOptions } from './handshake/origin.js';
import { limits as DEFAULTS } from './options/limits.options.js';
import { WebsocketOptionsError } from './options/option-rules.js';
import { RedisBackplane } from './redis/redis-backplane.js';
import { Shutdown } from './shutdown/shutdown.js';
import type { Namespace, Server, ServerOptions, Socket } from './socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from './options/websocket.options.js';

/** The options that Nest passes: those of the gateway's decorator and, for a namespace, its server. */
type GatewayOptions = ServerOptions & { namespace?: NamespaceName; server?: Server };

type CreateOptions = Parameters<IoAdapter['create']>[1];

/**
 * Nest's Socket.IO adapter, with the options of {@link WebsocketModule} on every server that it builds.
 *
 * A subclass can replace it. Provide the subclass in a module that imports `WebsocketModule`, and set it with
 * `app.useWebSocketAdapter(app.get(TracingAdapter))`. It may have its own constructor.
 */
@Injectable()
export class WebsocketAdapter extends IoAdapter implements OnApplicationBootstrap {
  @Inject(WEBSOCKET_OPTIONS) private readonly options!: ResolvedWebsocketOptions;
  @Inject(HttpAdapterHost) private readonly httpAdapterHost!: HttpAdapterHost;
  @Inject(Gateways) private readonly gateways!: Gateways;
  @Inject(Admission) private readonly admission!: Admission;
  @Inject(Flow) private readonly flow!: Flow;
  @Inject(Connections) private readonly connections!: Connections;
  @Inject(Shutdown) private readonly shutdown!: Shutdown;
  @Optional() @Inject(RedisBackplane) private readonly backplane?: RedisBackplane;
  private readonly registry = new ServerRegistry();
  private readonly closed = new WeakSet<Server>();
  /** By place: Nest asks twice for the same server if `EventsGateway` has moved to the place of another gateway. */
  private readonly servers: { readonly place: Place; readonly server: Server }[] = [];
  /** The parent namespace of each pattern. Socket.IO would create another one for each gateway. */
  private readonly patterns: { readonly of: Server; readonly pattern: NamespaceName; readonly made: Server }[] = [];
  /** The gateways of each server or namespace that Nest has asked for. */
  private readonly gatewaysOn = new WeakMap<object, readonly Gateway[]>();

  constructor() {
    super();
    // Nest instantiates providers before it creates the HTTP server, which the base class expects in its constructor.
    Object.defineProperty(this, 'httpServer', {
      get: () => this.httpAdapterHost.httpAdapter?.getHttpServer() as unknown,
    });
  }

  /** Nest calls this for a server, with the options of its first gateway, and for each gateway that has a namespace. */
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
    // Its child namespaces do not exist yet. They inherit its middlewares.
    this.connections.guardNamespace(made as unknown as Namespace);
    return made;
  }

  /** Replaces Nest's callback, which would create all handlers of the gateway again for each socket. */
  override bindClientConnect(server: Server | Namespace): void {
    const namespace = 'engine' in server ? server.of('/') : server;
    this.connections.serve(namespace, this.gatewaysOn.get(server) ?? []);
  }

  /**
   * Runs a handler for a client's event: guards, interceptors, pipes and the method. The result or the error becomes
   * the answer. A subclass may override this, for example to trace or to measure.
   */
  handleMessage(handler: MessageHandler, client: Socket, data: unknown, ack: Ack | undefined): unknown {
    return handler.run(client, data, ack);
  }

  /** A gateway's decorator overrides the kit's defaults, and the module's options override both. */
  override createIOServer(port: number, options?: ServerOptions): Server {
    this.connections.prepare();
    const merged: ServerOptions = { cors: { origin: '*' }, ...options, ...this.serverOptions };
    merged.cors = corsOptions(merged.cors) as ServerOptions['cors'];
    if (merged.connectionStateRecovery && this.backplane) {
      const expected = 'none beside "redis", whose adapter cannot recover a session';
      throw new WebsocketOptionsError('connectionStateRecovery', merged.connectionStateRecovery, expected);
    }
    // A client with a recovered state is authenticated too: its access may have been revoked meanwhile.
    if (this.options.authentication && merged.connectionStateRecovery) {
      merged.connectionStateRecovery = { ...merged.connectionStateRecovery, skipMiddlewares: false };
    }
    this.warnOfOpenOrigin(merged);
    this.registry.claim(port, merged);
    const guarded = this.admission.guardOptions(merged);
    const server = super.createIOServer(port, guarded as Parameters<IoAdapter['createIOServer']>[1]);
    const { httpServer } = server as { httpServer: HttpServer };
    if (httpServer !== this.httpServer) this.registry.expect(httpServer, port);
    this.admission.install(server);
    new ServerFlow(server, this.flow).install();
    runMiddlewaresAtOnce(server.engine);
    this.connections.guard(server, (handler, client, data, ack) => this.handleMessage(handler, client, data, ack));
    this.shutdown.track(server);
    refuseFurtherEngines(server);
    return server;
  }

  /** @internal Whether Nest has created it and injected what the module provides. */
  get isProvided(): boolean {
    return Boolean(this.options);
  }

  /** @internal Turns off the limits per address that have their default: all clients of a test have one address. */
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
    // With `forceCloseConnections`, the base class would leave the app's server open.
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

/** With the flag `g` or `y`, a pattern continues from its last match, and would refuse every second client. */
function stateless(namespace: NamespaceName): NamespaceName {
  return namespace instanceof RegExp
    ? new RegExp(namespace.source, namespace.flags.replaceAll(/[gy]/g, ''))
    : namespace;
}

/** The checks and limits of a server are installed on its one engine. Clients of another engine would bypass them. */
function refuseFurtherEngines(server: Server): void {
  server.bind = () => {
    throw new Error(
      'A Socket.IO server of WebsocketModule cannot be attached to a further server. ' +
        'Give a gateway another port by its decorator, @WebSocketGateway(8080), and it has a server of its own.',
    );
  };
}
