import { setTimeout } from 'node:timers';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Authentication } from '../authentication/authentication.js';
import { withoutIdentity } from '../authentication/identity.js';
import { withTimeout } from '../timing/deadline.js';
import { InFlight } from '../nest/in-flight.js';
import { routesOf } from '../dispatch/routes.js';
import { NestPipeline } from '../nest/pipeline.js';
import type { Dispatch } from '../dispatch/message.js';
import { errorAnswer, isMeantForClient, messageOf, toErrorAnswer, type ErrorAnswer } from '../errors/error-answer.js';
import { Failures } from '../dispatch/failures.js';
import { logFailure } from '../errors/report-error.js';
import type { Gateway } from '../nest/gateway.js';
import { CircuitBreaker } from '../handshake/circuit-breaker.js';
import { retry } from '../timing/retry.js';
import type { Namespace, Server, Socket } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { guardBroadcasts } from '../socket-io/guarded-broadcasts.js';
import { guardNamespace, guardNamespaceChoice, type NamespaceListener } from '../socket-io/guarded-namespace.js';
import { guardSocket, listenerFor, listenerOf } from '../socket-io/guarded-socket.js';
import { countNamespaces } from '../socket-io/socket-internals.js';
import { HookFailure, callHook } from './hooks.js';
import { failureOf, logIfFault, refusalOfClient } from './middlewares.js';
import { beginJoin, endJoin, isSuperseded } from '../socket-io/pending-joins.js';
import { Session, type Service } from './session.js';

type OnConnection = (socket: Socket) => void;

/** With `handleConnectionTimeout: false`, a client counts as let in after this time at the latest, in milliseconds. */
const LET_IN = 10_000;

const NOT_READY = errorAnswer('NOT_READY', 'handleConnection failed');

/**
 * Manages a client's connection to a namespace: authentication, the app's middlewares, `handleConnection`, then the
 * handling of its events, and `handleDisconnect` at the end.
 */
@Injectable()
export class Connections {
  private readonly logger = new Logger(Connections.name);
  private dispatch: Dispatch | undefined;
  /** The `connection` listener of each namespace; `added` is what the namespace holds, which may be a wrapper of it. */
  private readonly listening = new WeakMap<Namespace, { listener: OnConnection; added: OnConnection }>();

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(NestPipeline) private readonly pipeline: NestPipeline,
    @Inject(InFlight) private readonly inFlight: InFlight,
    @Inject(Failures) private readonly failures: Failures,
    @Inject(Authentication) private readonly authentication: Authentication,
    @Inject(CircuitBreaker) private readonly breaker: CircuitBreaker,
  ) {}

  /** Call this before a server is created. @throws WebsocketOptionsError if an option's provider cannot be resolved */
  prepare(): void {
    this.authentication.prepare();
    this.failures.prepare();
  }

  /** Guards every namespace of a server, including later ones. */
  guard(server: Server, invoke: Dispatch['invoke']): void {
    this.dispatch = { inFlight: this.inFlight, failures: this.failures, invoke };
    this.authentication.guard(server);
    this.guardNamespace(server.of('/'));
    guardBroadcasts(server.of('/'));
    server.on('new_namespace', (namespace) => this.guardNamespace(namespace));
    guardNamespaceChoice(server);
  }

  guardNamespace(namespace: Namespace): void {
    guardNamespace(namespace, {
      first: this.enter,
      onRefusal: this.onRefusal,
      mayJoin: (socket) => !isSuperseded(socket),
      dataOf: withoutIdentity,
      onJoined: (socket) => {
        endJoin(socket);
        this.authentication.onJoined(socket);
      },
      onListenerError: (socket, error) => {
        logFailure(`A listener for "connection" failed on client ${socket.id}`, error);
        if (isMeantForClient(error)) this.disconnect(this.adopt(socket), toErrorAnswer(error), error);
        else this.giveUp(this.adopt(socket));
      },
    });
  }

  /**
   * Serves the clients of a namespace with its gateways. Call this once for each gateway: it moves the listener behind
   * those that the gateway's `afterInit` has added.
   */
  serve(namespace: Namespace, gateways: readonly Gateway[]): void {
    const known = this.listening.get(namespace);
    if (known) namespace.off('connection', known.added);
    const listener = known?.listener ?? this.listenerOf(gateways);
    // Tracing tools look for the main namespace's listener on the server, and may wrap it there.
    const emitter = namespace.name === '/' ? namespace.server : namespace;
    emitter.on('connection', listener);
    const added = namespace.rawListeners('connection').at(-1) as OnConnection;
    this.listening.set(namespace, { listener, added });
  }

  private listenerOf(gateways: readonly Gateway[]): OnConnection {
    const routes = routesOf(this.pipeline, gateways);
    const listeners = new Map(Array.from(routes.keys(), (event) => [event, listenerFor(event)]));
    const service = { gateways, routes, listeners };
    return (socket) => this.open(socket, service);
  }

  /** The first middleware of every namespace. */
  private readonly enter = (socket: Socket, next: (error?: Error) => void): void => {
    beginJoin(socket);
    this.adopt(socket);
    this.authentication.admit(socket, (refusal) => {
      if (isSuperseded(socket)) return;
      if (refusal) endJoin(socket);
      if (refusal === 'given up') closeForReturn(socket, next);
      else next(refusal && this.failures.connectError(socket, refusal));
    });
  };

  /** Called when a middleware of the app has refused a client or has failed. */
  private readonly onRefusal: NamespaceListener['onRefusal'] = (socket, refusal, next) => {
    if (isSuperseded(socket)) return;
    endJoin(socket);
    if (logIfFault(refusal) && countNamespaces(socket) === 0) closeForReturn(socket, next);
    else {
      const failure = failureOf(refusal);
      next(failure ? this.failures.connectError(socket, failure) : refusalOfClient(refusal));
    }
  };

  private adopt(socket: Socket): Session {
    const known = listenerOf(socket) as Session | undefined;
    if (known) return known;
    const session = new Session(socket, this.dispatch!, this.onEnd);
    guardSocket(socket, session);
    return session;
  }

  private open(socket: Socket, service: Service): void {
    // A client with a recovered state may have skipped the middlewares.
    const session = this.adopt(socket);
    if (session.isOver) return;
    session.beginSetUp();
    const began = performance.now();
    const pending = callHook(service.gateways, 'handleConnection', socket);
    session.serve(service);
    const { handleConnectionTimeout: timeout } = this.options;
    if (pending && timeout !== false) return this.setUp(session, pending, began, timeout);
    if (!pending) this.breaker.onSuccess();
    else setTimeout(() => session.isOver || this.breaker.onSuccess(), LET_IN).unref();
    void pending?.then((failed) => this.onSettled(session, failed, began));
    session.endSetUp();
  }

  /**
   * Holds a client's events until `handleConnection` has settled. If the hook fails by a fault of the server, it is
   * called again within the timeout.
   */
  private setUp(session: Session, first: Promise<readonly HookFailure[]>, began: number, timeout: number): void {
    session.hold();
    const { socket } = session;
    const late = (): Error => new Error(`handleConnection took longer than ${timeout} ms`);
    let latest: Promise<readonly HookFailure[]> | undefined = first;
    let failed: readonly HookFailure[] = [];
    const attempt = async (): Promise<void> => {
      const again = failed.map(({ gateway }) => gateway);
      if (again.length > 0) latest = callHook(again, 'handleConnection', socket);
      const timeLeft = began + timeout - performance.now();
      failed = (await withTimeout(latest, timeLeft, late)) ?? [];
      if (failed[0]) throw failed[0];
    };
    const decided = retry(attempt, (_, pause, tries) => {
      const isFault = failed.length > 0 && !failed.some(isRefusal);
      const goesOn = isFault && socket.connected && performance.now() + pause < began + timeout;
      if (goesOn && tries === 1) this.log(socket, failed);
      return goesOn;
    }).then(
      () => this.onSettled(session, [], began),
      (error: unknown) => this.onSettled(session, failed.includes(error as HookFailure) ? failed : [error], began),
    );
    // A late hook gets the timeout once more, because `handleDisconnect` runs after it.
    const ended = decided.then(() => withTimeout(latest, timeout, late)).finally(() => session.endSetUp());
    this.inFlight.follow({ what: 'handleConnection', client: socket.id }, ended);
  }

  /** Called when `handleConnection` has succeeded, has refused the client, or has finally failed. */
  private onSettled(session: Session, failed: readonly unknown[], began: number): void {
    const refusal = failed.find(isRefusal);
    if (session.socket.connected || !refusal) this.log(session.socket, refusal ? [refusal] : failed);
    // A hook may fail or hang because its client has left. That is no fault of the server.
    if (!session.socket.connected) return;
    if (failed.length > 0 && !refusal) {
      this.breaker.onFailure(began);
      return this.giveUp(session);
    }
    this.breaker.onSuccess();
    if (refusal) this.disconnect(session, toErrorAnswer(refusal.cause), refusal.cause);
    else session.release();
  }

  private readonly onEnd = ({ socket, gateways }: Session, reason: string): void => {
    const pending = callHook(gateways, 'handleDisconnect', socket, reason);
    if (!pending) return;
    this.inFlight.follow({ what: 'handleDisconnect', client: socket.id }, pending);
    void pending.then((failed) => this.log(socket, failed));
  };

  /** Disconnects a client for good: after this, it does not reconnect by itself. */
  private disconnect(session: Session, answered: ErrorAnswer, error?: unknown): void {
    const { socket } = session;
    session.drop(answered);
    if (!socket.connected) return;
    this.failures.tell(socket, { answer: answered, error });
    socket.disconnect();
  }

  /**
   * Drops a client after a fault of the server. It closes the transport, so that the client reconnects. A client that
   * is in other namespaces stays there, and is only disconnected from this one.
   */
  private giveUp(session: Session): void {
    const { socket } = session;
    if (countNamespaces(socket) > 1) this.disconnect(session, NOT_READY);
    else {
      session.drop(NOT_READY);
      socket.conn.close();
    }
  }

  /** An error that is meant for the client is no fault of the server, so it is only a warning. */
  private log(client: Socket, failed: readonly unknown[]): void {
    for (const failure of failed) {
      if (isRefusal(failure)) this.logger.warn(`${failure.message}: ${messageOf(toErrorAnswer(failure.cause))}`);
      else if (failure instanceof HookFailure) logFailure(failure.message, failure.cause);
      else if (client.connected) logFailure(`Client ${client.id} could not be set up`, failure);
    }
  }
}

/** Whether a hook has thrown an error that is meant for the client. */
function isRefusal(failure: unknown): failure is HookFailure {
  return failure instanceof HookFailure && isMeantForClient(failure.cause);
}

/** Closes the connection of a client that is in no namespace yet. With `next()`, Socket.IO removes the socket. */
function closeForReturn({ conn }: Socket, next: () => void): void {
  conn.close();
  next();
}
