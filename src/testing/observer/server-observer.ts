import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AbstractWsAdapter } from '@nestjs/websockets';
import {
  WebsocketAdapter,
  type Namespace,
  type Server,
  type ServerOptions,
  type Socket,
} from '../../websocket/index.js';
import { beatInRealTime } from '../socket-io/heartbeats.js';
import type { HookError } from '../report/errors.js';
import { readable, format } from '../report/format.js';
import { connectionIdOf, namespacesOf, observeServerSideEmits } from '../socket-io/server.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import { discoverGateways, type Gateway } from './gateways.js';
import { HandshakeRefusals } from './handshake-refusals.js';
import { overrideServerOptions } from './override-server-options.js';
import type { ObservedApp } from './observed-app.js';
import { observeHandlers, type HandlerListener } from './observe-handlers.js';
import { HookObserver, type HookListener } from './observe-hooks.js';
import { observeHttp } from './observe-http.js';
import { RoomObserver } from './observe-rooms.js';
import { Refusals } from './refusals.js';
import { ObservedSocket } from './observed-socket.js';
import { patch } from './patch.js';
import { StandInServers } from './stand-in-servers.js';

/** Nest's `IoAdapter`, or an adapter of the same shape. */
export type SocketIoAdapter = AbstractWsAdapter & {
  create(port: number, options?: object): Server | Namespace;
};

/** With this event, a node asks the others whether they have received all that it published. */
export const NODE_FENCE = 'nest-realtime-kit:fence';

/**
 * Observes one Nest app for `settle` and for failure texts: Socket.IO servers, connections, hooks, handlers, rooms,
 * held packets and HTTP requests. It patches methods, because a Proxy would break an adapter with private fields.
 * `uninstall` undoes the patches of the app; the patches of connections end with the connections.
 */
export class ServerObserver implements HandlerListener, HookListener {
  /** The Socket.IO servers, and the ports that their gateways declare; 0 is the app's own. */
  readonly servers: { readonly port: number; readonly server: Server }[] = [];
  /** The names of the clients that the test knows, by the id of their Engine.IO connection and by namespace. */
  private readonly clientNames = new Map<string, Map<string, string>>();
  readonly handshakeRefusals = new HandshakeRefusals();
  readonly refusals = new Refusals();
  /** Failures of hooks that the app does not catch and that are not reported yet. */
  readonly failures = new Set<HookError>();

  private readonly gateways: readonly Gateway[];
  private readonly observed = new WeakMap<Socket, ObservedSocket>();
  /** Connections that their clients have not seen yet, by socket id. */
  private readonly unclaimed = new Map<string, ObservedSocket>();
  private readonly standIns = new StandInServers();
  private readonly restores: (() => void)[] = [];
  private readonly rooms: RoomObserver;
  /** How many events the server has sent to clients. An event counts once per client. */
  private sent = 0;
  private hooks: HookObserver | undefined;

  constructor(private readonly app: ObservedApp) {
    this.gateways = discoverGateways(app.nest);
    this.rooms = new RoomObserver(app, {
      ofId: ({ sockets }, id) => {
        const socket = sockets.get(id);
        return socket && this.observed.get(socket);
      },
      countSent: () => this.sent,
    });
  }

  /** Starts to observe. Call it when the app has its adapter, and before it is initialised. */
  install(adapter: SocketIoAdapter): void {
    const hooks = new HookObserver(this.gateways, this, adapter instanceof WebsocketAdapter);
    this.hooks = hooks;
    if (adapter instanceof WebsocketAdapter) adapter.liftDefaultLimitsPerAddress();
    this.restores.push(
      () => hooks.uninstall(),
      () => this.rooms.uninstall(),
      observeHandlers(adapter, this.gateways, this),
      this.observeServers(adapter),
    );
  }

  /** Starts to observe HTTP requests. Call it when the app is initialised. */
  observeHttp(): void {
    const server: HttpServer = this.app.nest.getHttpServer();
    this.restores.push(observeHttp(server, (request, response) => this.beginRequest(request, response)));
  }

  /** Undoes the patches of the app. */
  uninstall(): void {
    for (const restore of this.restores.splice(0)) restore();
  }

  get hasGateways(): boolean {
    return this.gateways.length > 0;
  }

  /** The observed socket of a connection. */
  of(socket: Socket): ObservedSocket | undefined {
    return this.observed.get(socket);
  }

  /** Records the client of a connection in a namespace. @returns the function that forgets the connection */
  noteClient(connectionId: string, namespace: string, name: string): () => void {
    const names = this.clientNames.get(connectionId) ?? new Map<string, string>();
    this.clientNames.set(connectionId, names.set(namespace, name));
    return () => this.clientNames.delete(connectionId);
  }

  /** Makes an open connection one of the test's clients. */
  adopt(socketId: string, name: string): ObservedSocket | undefined {
    const socket = this.connected.find(({ id }) => id === socketId);
    const observed = socket && this.observed.get(socket);
    observed?.adopt(name);
    return observed;
  }

  /** Hands a connection, once, to the client that opened it. */
  claim(socketId: string): ObservedSocket | undefined {
    const observed = this.unclaimed.get(socketId);
    this.unclaimed.delete(socketId);
    return observed;
  }

  /** The open connections. */
  get connected(): readonly Socket[] {
    const namespaces = this.servers.flatMap(({ server }) => Array.from(namespacesOf(server).values()));
    return namespaces.flatMap(({ sockets }) => Array.from(sockets.values()));
  }

  /** Whether a connection belongs to none of the test's clients. */
  isForeign(socket: Socket): boolean {
    return this.nameOf(socket) === socket.id;
  }

  noteFailure(observed: ObservedSocket, failure: HookError): void {
    observed.failures.push(failure);
    // The app logs a contained failure, and the test can declare it there.
    if (!failure.isContained) this.failures.add(failure);
    const { hook: what, client, cause } = failure;
    const [text = ''] = failure.message.split('\n');
    const stack = cause instanceof Error ? cause.stack : undefined;
    this.app.record({ kind: 'failed', what, client, text, stack });
    this.app.activity.changed();
  }

  /** Records that a handler has processed an event. */
  noteHandled(socket: Socket, event: string, took: number): void {
    const { cause } = this.contextOf(socket, event);
    const [client, namespace] = [this.nameOf(socket), socket.nsp.name];
    this.app.record({ kind: 'handled', client, namespace, event, took }, cause);
  }

  /**
   * Records that a client's event was refused. It ignores clients that the harness did not open, and failures that an
   * event of another client caused.
   */
  noteRefusal(socket: Socket, cause: Cause | undefined, error: unknown, by?: string): void {
    const observed = this.observed.get(socket);
    if (!observed?.isOwn || cause?.entry === undefined || cause.client !== observed.name) return;
    const { client, event, entry } = cause;
    const isFiltered = error instanceof Error && error.name === 'FilteredError';
    this.refusals.note({ client, event, entry, isFiltered, by, reason: readable(() => reasonOf(error)) });
  }

  /** Records work for a client. @returns the function that ends it */
  begin(what: string, socket: Socket, options: { stream?: boolean } = {}): () => void {
    return this.app.activity.begin(what, { client: this.nameOf(socket), ...options });
  }

  /** The context for everything that a client's event sets off. */
  contextOf(socket: Socket, event: string): ExecutionContext {
    const cause = this.observed.get(socket)?.causeBy(event) ?? { client: this.nameOf(socket), event };
    return this.contextBy(cause);
  }

  /** Whether code that runs in this context belongs to the app. */
  isOf(context: ExecutionContext | undefined): boolean {
    return context?.app === this.app.identity;
  }

  /** The context for everything that this cause sets off. */
  contextBy(cause: Cause): ExecutionContext {
    return { app: this.app.identity, cause };
  }

  private nameOf(socket: Socket): string {
    const known = this.observed.get(socket);
    if (known) return known.name;
    return this.clientNames.get(connectionIdOf(socket))?.get(socket.nsp.name) ?? socket.id;
  }

  private observeServers(adapter: SocketIoAdapter): () => void {
    const create = adapter.create.bind(adapter);
    return patch(adapter, 'create', (port: number, options?: ServerOptions & { server?: Server }) => {
      if (options?.server) return create(port, options);
      const over = { options: this.app.serverOptions ?? {} };
      const created =
        port === 0
          ? overrideServerOptions(adapter, over, () => create(port, options))
          : this.standIns.lend(adapter, port, () =>
              overrideServerOptions(adapter, { ...over, port: 0 }, () => create(port, options)),
            );
      const server: Partial<Server> | undefined = 'engine' in created ? created : created.server;
      if (!server?.engine || !server.of) {
        throw new TypeError(
          `The app's adapter, ${adapter.constructor.name}, does not make Socket.IO servers; the harness needs one like IoAdapter.`,
        );
      }
      this.observeServer(port, server as Server);
      return created;
    });
  }

  private observeServer(port: number, server: Server): void {
    this.servers.push({ port, server });
    this.app.onServer?.(server);
    server.engine.on('connection', beatInRealTime);
    this.handshakeRefusals.observe(server);
    this.observeNamespace(server.of('/'));
    server.on('new_namespace', (namespace) => this.observeNamespace(namespace));
  }

  private observeNamespace(namespace: Namespace): void {
    this.rooms.observe(namespace);
    namespace.prependListener('connection', (socket) => this.observeSocket(socket));
    // A message from another node may set off work on this one.
    observeServerSideEmits(namespace, (event, args) => {
      if (event === NODE_FENCE) return;
      // If the sender asks for an answer, the function for it follows the arguments.
      const sent = args.filter((arg) => typeof arg !== 'function');
      this.app.record({ kind: 'server-side', namespace: namespace.name, event, args: sent });
      this.app.activity.moved();
    });
  }

  private observeSocket(socket: Socket): void {
    const { activity, record } = this.app;
    const client = this.nameOf(socket);
    const own = client !== socket.id;
    const transport = socket.conn.transport.name;
    const namespace = socket.nsp.name;
    const connection = record({ kind: 'connected', client, id: socket.id, namespace, transport });
    const observed = new ObservedSocket(socket, client, own, connection, {
      activity,
      onSent: () => (this.sent += 1),
      contextOf: (cause) => this.contextBy(cause),
      recordForeign: (kind, event, args) => {
        const asksAck = typeof args.at(-1) === 'function';
        return record({ kind, client, namespace, event, args: asksAck ? args.slice(0, -1) : args, asksAck });
      },
      onArrival: this.app.onArrival,
      onRefused: (cause, error, by) => this.noteRefusal(socket, cause, error, by),
    });
    this.observed.set(socket, observed);
    if (own) this.unclaimed.set(socket.id, observed);
    // The app may have set another adapter since then; `server.adapter()` emits no event.
    this.rooms.observe(socket.nsp);
    for (const room of socket.rooms) this.rooms.noteJoined(observed, room);
    activity.moved();
    this.hooks?.expect(observed, 'handleConnection');
    socket.conn.on('upgrade', (to: { name: string }) =>
      record({ kind: 'upgraded', client: observed.name, transport: to.name }),
    );
    socket.on('disconnecting', () => (observed.leaving = true));
    socket.on('disconnect', (reason) => {
      observed.membership.end();
      observed.disconnectReason = reason;
      observed.disconnectCause = executionContext.getStore()?.cause;
      observed.disconnection = record({ kind: 'disconnected', client: observed.name, end: 'server', reason });
      this.hooks?.expect(observed, 'handleDisconnect');
      activity.moved();
    });
  }

  /** The context of an HTTP request; `undefined` for those of Engine.IO. */
  private beginRequest(request: IncomingMessage, response: ServerResponse): ExecutionContext | undefined {
    const { url = '/', method = 'GET' } = request;
    // Polling requests of Engine.IO are open nearly always, and fences already track what they carry.
    const isPolling = /[?&]EIO=/.test(url) && this.servers.some(({ server }) => url.startsWith(server.path()));
    if (isPolling) return undefined;
    const path = url.replace(/\?.*/s, '');
    const stream = request.headers.accept === 'text/event-stream';
    response.once('close', this.app.activity.begin(`${method} ${path}`, { stream }));
    return this.contextBy({ event: `${method} ${path}`, entry: this.app.record({ kind: 'requested', method, path }) });
  }
}

/** For an error that an exception filter or a middleware wrapped, the reason is that of the original error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : format(error);
  const isWrapped = ['FilteredError', 'MiddlewareError'].includes(error.name) && error.cause !== undefined;
  const { message }: { message: unknown } = error;
  return isWrapped ? reasonOf(error.cause) : String(message);
}
