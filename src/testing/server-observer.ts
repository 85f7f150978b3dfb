import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { Observable, finalize } from 'rxjs';
import type { Namespace, Server, ServerOptions, Socket } from '../websocket/index.js';
import type { Activity } from './activity.js';
import { executionContext } from './execution-context.js';
import type { Cause } from './execution-context.js';
import { discoverGateways, wrapHook } from './gateways.js';
import type { Gateway, Hook } from './gateways.js';
import { HookError } from './errors.js';

type Adapter = AbstractWsAdapter & { create(port: number, options?: object): Server | Namespace };

/** Why the HTTP handshake of a connection was refused, from Engine.IO's `connection_error`. */
export interface HandshakeRefusal {
  message: string;
  context?: { name?: string; message?: string; origin?: string };
}

/** A client's connection to a namespace, seen from the server. */
export interface ObservedSocket {
  readonly socket: Socket;
  /** Hooks that have been called for it and not settled. */
  pendingHooks: number;
  /** Hooks that failed for it, until somebody has been told. */
  readonly failures: HookError[];
}

/**
 * Sees, in one Nest app, what `settle` and the failure texts are about: Socket.IO servers, connections, hooks,
 * handlers, held packets and HTTP requests. It works on any adapter that is shaped like Nest's `IoAdapter`,
 * patches instances only (a Proxy would break an adapter with private fields), and takes everything back.
 */
export class ServerObserver {
  /** The Socket.IO servers, by the port that their gateway declares; 0 is the app's own. */
  readonly servers: Map<number, Server[]> = new Map();
  /** Whom an Engine.IO connection belongs to: its id, and the client's name. */
  readonly clientNames = new Map<string, string>();
  /** Refusals of HTTP handshakes, oldest first. */
  readonly handshakeRefusals: HandshakeRefusal[] = [];
  /** Hooks that failed and of which nobody has been told. */
  readonly failures = new Set<HookError>();

  private readonly sockets = new Map<string, ObservedSocket>();
  private readonly gateways: Gateway[];
  private readonly restores: (() => void)[] = [];
  private readonly awaitedHooks = new Map<string, (() => void)[]>();

  /**
   * @param app the identity under which the app's code runs, see `executionContext`
   * @param onServer called with each Socket.IO server before anything is bound to it
   */
  constructor(
    private readonly nest: INestApplication,
    private readonly app: object,
    private readonly activity: Activity,
    private readonly onServer?: (server: Server) => void,
  ) {
    this.gateways = discoverGateways(nest);
  }

  /** Begins to observe. To be called after the app has its adapter and before it is initialised. */
  install(adapter: AbstractWsAdapter): void {
    this.observeServers(adapter as Adapter);
    this.observeHandlers(adapter);
    for (const gateway of this.gateways) {
      for (const hook of ['handleConnection', 'handleDisconnect'] as const) this.observeHook(gateway, hook);
    }
  }

  /** Begins to observe HTTP requests. To be called after the app is initialised: Engine.IO rearranges listeners. */
  observeHttp(): void {
    const server: HttpServer = this.nest.getHttpServer();
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => this.onRequest(request, response);
    server.prependListener('request', onRequest);
    this.restores.push(() => server.off('request', onRequest));
  }

  /** Takes everything back. */
  uninstall(): void {
    for (const restore of this.restores.splice(0).reverse()) restore();
  }

  get hasGateways(): boolean {
    return this.gateways.length > 0;
  }

  /** The connection with that id, also for a while after it has ended. */
  find(id: string): ObservedSocket | undefined {
    return this.sockets.get(id);
  }

  /** Lets go of a connection that has ended. */
  forget(id: string): void {
    this.sockets.delete(id);
  }

  /** The connections that are open. */
  get connected(): Socket[] {
    return [...this.sockets.values()].map(({ socket }) => socket).filter((socket) => socket.connected);
  }

  nameOf(socket: Socket): string {
    return this.clientNames.get(engineId(socket)) ?? socket.id;
  }

  /**
   * An event's arguments as the app sent them. With connection state recovery Socket.IO appends an offset to
   * those that it keeps for a client that comes back, and every listener on the client gets to see it.
   */
  withoutOffset(socketId: string, args: readonly unknown[]): readonly unknown[] {
    const adapter = this.find(socketId)?.socket.nsp.adapter as { packets?: { id: string }[] } | undefined;
    const isOffset = adapter?.packets?.some(({ id }) => id === args.at(-1)) ?? false;
    return isOffset ? args.slice(0, -1) : args;
  }

  // Servers and namespaces

  private observeServers(adapter: Adapter): void {
    const create = adapter.create;
    this.patch(adapter, 'create', (port: number, options?: ServerOptions & { server?: Server }) => {
      if (options?.server) return create.call(adapter, port, options);
      const created =
        port === 0 ? create.call(adapter, port, options) : this.createOnFreePort(adapter, create, port, options);
      const server = 'sockets' in created && 'engine' in created ? created : (created as Namespace).server;
      this.observeServer(port, server);
      return created;
    });
  }

  /**
   * A gateway with a port of its own gets a free one in its place. The adapter is lent another HTTP server for
   * the moment in which it builds the Socket.IO server, since it attaches one for port 0 to the server it holds.
   */
  private createOnFreePort(adapter: Adapter, create: Adapter['create'], port: number, options?: object): Server {
    const httpServer = createServer();
    const held = Object.getOwnPropertyDescriptor(adapter, 'httpServer');
    Object.defineProperty(adapter, 'httpServer', { configurable: true, value: httpServer });
    try {
      const server = create.call(adapter, 0, options) as Server;
      httpServer.listen(0, '127.0.0.1');
      return server;
    } finally {
      if (held) Object.defineProperty(adapter, 'httpServer', held);
    }
  }

  private observeServer(port: number, server: Server): void {
    this.servers.set(port, [...(this.servers.get(port) ?? []), server]);
    this.onServer?.(server);
    server.engine.on('connection_error', (refusal: HandshakeRefusal) => {
      this.handshakeRefusals.push(refusal);
    });
    this.observeNamespace(server.of('/'));
    server.on('new_namespace', (namespace) => this.observeNamespace(namespace));
  }

  private observeNamespace(namespace: Namespace): void {
    namespace.prependListener('connection', (socket) => this.observeSocket(socket));
  }

  private observeSocket(socket: Socket): void {
    const observed: ObservedSocket = { socket, pendingHooks: 0, failures: [] };
    this.sockets.set(socket.id, observed);
    this.activity.moved();
    socket.conn.on('packet', ({ type }) => {
      if (type === 'message') this.activity.moved();
    });
    this.observePackets(socket);
    this.expectScopedHooks(observed, 'handleConnection');
    socket.on('disconnect', () => {
      this.expectScopedHooks(observed, 'handleDisconnect');
      this.activity.moved();
    });
  }

  /** A packet may be held by an asynchronous `socket.use`. `Socket#run` is private; no documented seam sees both ends. */
  private observePackets(socket: Socket): void {
    type Run = (event: [string, ...unknown[]], next: (error: Error | null) => void) => void;
    const observable = socket as unknown as { run: Run };
    const run = observable.run;
    observable.run = (event, next) => {
      const end = this.activity.begin(`socket.use for "${event[0]}"`, { client: this.nameOf(socket) });
      socket.once('disconnect', end);
      executionContext.run(this.contextOf(socket, event[0]), () =>
        run.call(socket, event, (error) => {
          socket.off('disconnect', end);
          end();
          next(error);
        }),
      );
    };
  }

  // Handlers

  private observeHandlers(adapter: AbstractWsAdapter): void {
    const bind = adapter.bindMessageHandlers;
    this.patch(
      adapter,
      'bindMessageHandlers',
      (socket: Socket, handlers: MessageMappingProperties[], transform: (result: unknown) => Observable<unknown>) => {
        const causes = new WeakMap<object, string>();
        const observed = handlers.map((handler) => ({
          ...handler,
          callback: (...args: unknown[]) =>
            this.runHandler(socket, handler, args, causes) as ReturnType<MessageMappingProperties['callback']>,
        }));
        const observedTransform = (result: unknown): Observable<unknown> =>
          this.runStream(socket, isObject(result) ? causes.get(result) : undefined, () => transform(result));
        bind.call(adapter, socket, observed, observedTransform);
      },
    );
  }

  private runHandler(
    socket: Socket,
    { message, callback }: MessageMappingProperties,
    args: unknown[],
    causes: WeakMap<object, string>,
  ): unknown {
    const end = this.activity.begin(`handler of "${message}"`, { client: this.nameOf(socket) });
    return executionContext.run(this.contextOf(socket, message), () => {
      const result: unknown = endWith(end, () => callback(...args));
      if (isObject(result)) causes.set(result, message as string);
      return result;
    });
  }

  private runStream(socket: Socket, message: string | undefined, open: () => Observable<unknown>): Observable<unknown> {
    return new Observable((subscriber) =>
      executionContext.run(this.contextOf(socket, message ?? 'unknown'), () => {
        const end = this.activity.begin(`what the handler of "${message ?? 'unknown'}" returned`, {
          client: this.nameOf(socket),
          stream: true,
        });
        return open().pipe(finalize(end)).subscribe(subscriber);
      }),
    );
  }

  // Hooks

  private observeHook(gateway: Gateway, hook: Hook): void {
    const restore = wrapHook(gateway, hook, (socket, call) => {
      const observed = this.sockets.get(socket.id);
      if (observed?.socket !== socket) return call();
      const called = `${gateway.name}.${hook}`;
      const event = hook === 'handleConnection' ? 'connection' : 'disconnect';
      const expected = this.awaitedHooks.get(`${socket.id} ${called}`)?.shift();
      const end = expected ?? this.beginHook(observed, called);
      return executionContext.run(this.contextOf(socket, event), () =>
        endWith(end, call, (error) => {
          const failure = new HookError(called, this.nameOf(socket), error);
          observed.failures.push(failure);
          this.failures.add(failure);
        }),
      );
    });
    this.restores.push(restore);
  }

  /** Nest instantiates a request-scoped gateway before it calls the hook: until then only we know of the call. */
  private expectScopedHooks(observed: ObservedSocket, hook: Hook): void {
    for (const gateway of this.gateways) {
      if (!gateway.scoped || !gateway.has(hook) || !gateway.serves(observed.socket.nsp.name)) continue;
      const called = `${gateway.name}.${hook}`;
      const key = `${observed.socket.id} ${called}`;
      this.awaitedHooks.set(key, [...(this.awaitedHooks.get(key) ?? []), this.beginHook(observed, called)]);
    }
  }

  private beginHook(observed: ObservedSocket, called: string): () => void {
    observed.pendingHooks += 1;
    const end = this.activity.begin(called, { client: this.nameOf(observed.socket) });
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      observed.pendingHooks -= 1;
      end();
    };
  }

  // HTTP

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const isEngine = [...this.servers.values()].flat().some((server) => path.startsWith(server.path()));
    if (isEngine) return;
    const stream = request.headers.accept === 'text/event-stream';
    const end = this.activity.begin(`${request.method} ${path}`, { stream });
    response.once('close', end);
  }

  private contextOf(socket: Socket, event: string): { app: object; cause: Cause } {
    return { app: this.app, cause: { client: this.nameOf(socket), event } };
  }

  private patch<T extends object, K extends keyof T>(target: T, key: K, replacement: unknown): void {
    const own = Object.getOwnPropertyDescriptor(target, key);
    Object.defineProperty(target, key, { configurable: true, writable: true, value: replacement });
    this.restores.push(() => {
      if (own) Object.defineProperty(target, key, own);
      else Reflect.deleteProperty(target, key);
    });
  }
}

/** Calls a function and ends the work when its result has settled. Without `onError`, errors pass through. */
function endWith(end: () => void, call: () => unknown, onError?: (error: unknown) => void): unknown {
  const failed = (error: unknown): void => {
    onError?.(error);
    end();
    if (!onError) throw error;
  };
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return failed(error);
  }
  if (!isThenable(result)) {
    end();
    return result;
  }
  if (onError) return result.then(end, failed);
  void result.then(end, end);
  return result;
}

/** Engine.IO keeps the id that its handshake hands out under a getter typed as private. */
function engineId(socket: Socket): string {
  return (socket.conn as unknown as { id: string }).id;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as { then?: unknown }).then === 'function';
}
