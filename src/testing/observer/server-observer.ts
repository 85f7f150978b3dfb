import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
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
import { namespacesOf } from '../../websocket/socket-io/socket-internals.js';
import { connectionIdOf, observeServerSideEmits } from '../socket-io/server-internals.js';
import { executionContext, type ExecutionContext } from '../model/execution-context.js';
import { ClientNames } from './client-names.js';
import { createServerWith } from './create-server.js';
import { discoverGateways, type Gateway } from './gateways.js';
import { HandshakeRefusals, type HandshakeRefusal } from './handshake-refusals.js';
import type { ObservedApp } from './observed-app.js';
import { NODE_FENCE } from './nodes.js';
import { observeHandlers } from './observe-handlers.js';
import { HookObserver } from './observe-hooks.js';
import { RoomObserver } from './observe-rooms.js';
import { Refusals } from './refused-events.js';
import type { ClientObserver } from './server-end.js';
import { ObservedConnection } from './observed-connection.js';
import { ObservedSocket, type Seen } from './observed-socket.js';
import { patch } from './patch.js';

/** Nest's `IoAdapter`, or an adapter of the same shape. */
export type SocketIoAdapter = AbstractWsAdapter & {
  create(port: number, options?: object): Server | Namespace;
};

/**
 * Observes one Nest app for `settle` and for failure texts: Socket.IO servers, connections, hooks, handlers, rooms,
 * held packets and HTTP requests. It patches methods, because a Proxy would break an adapter with private fields.
 * `ObservedApp.undo` undoes the patches of the app; the patches of connections end with the connections.
 */
export class ServerObserver implements Seen, ClientObserver {
  /** The Socket.IO servers, and the ports that their gateways declare; 0 is the app's own. */
  readonly servers: { readonly port: number; readonly server: Server }[] = [];
  private readonly clientNames = new ClientNames();
  readonly handshakeRefusals = new HandshakeRefusals();
  /** Failures of hooks that the app does not catch and that are not reported yet. */
  readonly failures = new Set<HookError>();

  readonly gateways: readonly Gateway[];
  private readonly observed = new WeakMap<Socket, ObservedSocket>();
  private readonly connections = new WeakMap<Socket['conn'], ObservedConnection>();
  /** Connections that their clients have not seen yet, by socket id. */
  private readonly unclaimed = new Map<string, ObservedSocket>();
  /** HTTP servers on free ports, instead of the ports that gateways declare. */
  private readonly standIns = new Map<number, HttpServer>();
  private readonly rooms: RoomObserver;
  private hooks: HookObserver | undefined;

  constructor(
    readonly app: ObservedApp,
    readonly refusals = new Refusals(),
  ) {
    this.gateways = discoverGateways(app.nest);
    this.rooms = new RoomObserver(this);
  }

  /** Starts to observe. Call it when the app has its adapter, and before it is initialised. */
  install(adapter: SocketIoAdapter): void {
    this.hooks = new HookObserver(this.gateways, this, adapter instanceof WebsocketAdapter);
    if (adapter instanceof WebsocketAdapter) adapter.liftDefaultLimitsPerAddress();
    observeHandlers(adapter, this.gateways, this);
    this.observeServers(adapter);
  }

  /** Runs each HTTP request in its own context. Call it when the app is initialised. */
  observeHttp(): void {
    const server: HttpServer = this.app.nest.getHttpServer();
    const emit = server.emit.bind(server);
    const observed = (event: string, ...args: unknown[]): boolean => {
      const context = event === 'request' && this.beginRequest(...(args as [IncomingMessage, ServerResponse]));
      return context ? executionContext.run(context, () => emit(event, ...args)) : emit(event, ...args);
    };
    this.app.undo.push(patch(server, 'emit', observed));
  }

  /** The observed socket of a connection. The adapter may have wrapped the socket, but not changed its id. */
  of(socket: Socket): ObservedSocket | undefined {
    const known = this.observed.get(socket);
    // A test may call a hook by itself, with whatever it has at hand.
    const own = known ? undefined : (socket as Partial<Socket> | undefined)?.nsp?.sockets?.get?.(socket.id);
    return known ?? (own && this.observed.get(own));
  }

  connectionOf({ conn }: Socket): ObservedConnection {
    let connection = this.connections.get(conn);
    if (!connection) {
      connection = new ObservedConnection(conn, this.app.activity);
      this.connections.set(conn, connection);
    }
    return connection;
  }

  noteClient(connectionId: string, namespace: string, name: string): () => void {
    return this.clientNames.note(connectionId, namespace, name);
  }

  adopt(socketId: string, name: string): ObservedSocket | undefined {
    const socket = this.connected.find(({ id }) => id === socketId);
    const observed = socket && this.observed.get(socket);
    observed?.adopt(name);
    return observed;
  }

  claim(socketId: string): ObservedSocket | undefined {
    const observed = this.unclaimed.get(socketId);
    this.unclaimed.delete(socketId);
    return observed;
  }

  async refusalOf(connectId: string): Promise<HandshakeRefusal | undefined> {
    return this.handshakeRefusals.take(connectId);
  }

  /** The open connections. */
  get connected(): readonly Socket[] {
    const namespaces = this.servers.flatMap(({ server }) => namespacesOf(server));
    return namespaces.flatMap(({ sockets }) => Array.from(sockets.values()));
  }

  /** Whether a connection belongs to none of the test's clients. */
  isForeign(socket: Socket): boolean {
    return this.nameOf(socket) === socket.id;
  }

  /** The name of the client or crowd; the socket's id if it is not one of the test's. */
  nameOf(socket: Socket): string {
    const known = this.observed.get(socket);
    if (known) return known.name;
    const ofClient = this.clientNames.get(connectionIdOf(socket), socket.nsp.name);
    const ofCrowd = this.app.isApart ? undefined : this.handshakeRefusals.crowdOf(socket.request);
    return ofClient ?? ofCrowd ?? socket.id;
  }

  private observeServers(adapter: SocketIoAdapter): void {
    const create = adapter.create.bind(adapter);
    const observed = (port: number, options?: ServerOptions & { server?: Server }): Server | Namespace => {
      if (options?.server) return create(port, options);
      const known = this.standIns.get(port);
      const standIn = port === 0 ? undefined : (known ?? createServer());
      const over = { options: this.app.serverOptions ?? {}, standIn };
      const created = createServerWith(adapter, over, () => create(port, options));
      if (standIn && !known) this.standIns.set(port, standIn.listen(0, '127.0.0.1'));
      const server: Partial<Server> | undefined = 'engine' in created ? created : created.server;
      if (!server?.engine || !server.of) {
        throw new TypeError(
          `The app's adapter, ${adapter.constructor.name}, does not make Socket.IO servers; the harness needs one like IoAdapter.`,
        );
      }
      this.observeServer(port, server as Server);
      return created;
    };
    this.app.undo.push(patch(adapter, 'create', observed));
  }

  private observeServer(port: number, server: Server): void {
    this.servers.push({ port, server });
    this.app.onServer?.(server);
    server.engine.on('connection', beatInRealTime);
    this.handshakeRefusals.observe(server);
    for (const namespace of namespacesOf(server)) this.observeNamespace(namespace);
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
    this.app.onSocket?.(socket);
    const connection = record({ kind: 'connected', client, id: socket.id, namespace, transport });
    const observed = new ObservedSocket(socket, client, own, connection, this);
    this.observed.set(socket, observed);
    if (own) this.unclaimed.set(socket.id, observed);
    // The app may have set another adapter since then; `server.adapter()` emits no event.
    this.rooms.observe(socket.nsp);
    for (const room of socket.rooms) this.rooms.noteJoined(observed, room);
    activity.moved();
    this.hooks?.expect(observed, 'handleConnection');
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
    const entry = this.app.record({ kind: 'requested', method, path });
    return { app: this.app.identity, cause: { event: `${method} ${path}`, entry } };
  }
}
