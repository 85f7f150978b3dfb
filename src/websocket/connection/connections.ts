import { setTimeout } from 'node:timers';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Authentication } from '../authentication/authentication.js';
import { withoutIdentity } from '../authentication/identity.js';
import { withTimeout } from '../timing/deadline.js';
import { InFlight } from '../nest/in-flight.js';
import { MessageHandlers } from '../dispatch/message-handlers.js';
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
import { guardSocket, listenerFor } from '../socket-io/guarded-socket.js';
import { guardRecovery } from '../socket-io/recovered-sessions.js';
import { countNamespaces } from '../socket-io/socket-internals.js';
import { HookFailure, Hooks } from './hooks.js';
import { failureOf, logIfFault, refusalOfClient } from './middlewares.js';
import { beginJoin, endJoin, isSuperseded } from './pending-joins.js';
import { Session, sessionOf, type Service } from './session.js';

type OnConnection = (socket: Socket) => void;

/** A client is let in whose `handleConnection` has gone on for so long, where it may go on for ever; in milliseconds. */
const LET_IN = 10_000;

const NOT_READY = errorAnswer('NOT_READY', 'handleConnection failed');

/**
 * The life of a client's connection to a namespace: authenticated, let in by the app's middlewares, set up by
 * `handleConnection`, and from then on its events are handled; at its end `handleDisconnect`.
 */
@Injectable()
export class Connections {
  private readonly logger = new Logger(Connections.name);
  private dispatch: Dispatch | undefined;
  /** What has the gateways of a namespace hear of a client, and what the namespace has of it. */
  private readonly listening = new WeakMap<Namespace, { listener: OnConnection; added: OnConnection }>();

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(Hooks) private readonly hooks: Hooks,
    @Inject(MessageHandlers) private readonly handlers: MessageHandlers,
    @Inject(InFlight) private readonly inFlight: InFlight,
    @Inject(Failures) private readonly failures: Failures,
    @Inject(Authentication) private readonly authentication: Authentication,
    @Inject(CircuitBreaker) private readonly breaker: CircuitBreaker,
  ) {}

  /** To be called before there is a server. @throws WebsocketOptionsError when a provider that an option names cannot be had */
  prepare(): void {
    this.authentication.prepare();
    this.failures.prepare();
  }

  /** Guards every namespace of a server, those that are still to come included. */
  guard(server: Server, invoke: Dispatch['invoke']): void {
    this.dispatch = { inFlight: this.inFlight, failures: this.failures, invoke };
    this.authentication.guard(server);
    this.guardNamespace(server.of('/'));
    guardBroadcasts(server.of('/'));
    server.on('new_namespace', (namespace) => this.guardNamespace(namespace));
    guardNamespaceChoice(server);
  }

  guardNamespace(namespace: Namespace): void {
    guardRecovery(namespace, withoutIdentity);
    guardNamespace(namespace, {
      first: this.enter,
      onRefusal: this.onRefusal,
      mayJoin: (socket) => !isSuperseded(socket),
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
   * Has the clients of a namespace served by its gateways. To be called for each of these: listeners that its `afterInit`
   * has added hear of a client first.
   */
  serve(namespace: Namespace, gateways: readonly Gateway[]): void {
    const known = this.listening.get(namespace);
    if (known) namespace.off('connection', known.added);
    const listener = known?.listener ?? this.listenerOf(gateways);
    // Of the main namespace by its server, where whatever traces connections looks for it, and may wrap it.
    const emitter = namespace.name === '/' ? namespace.server : namespace;
    emitter.on('connection', listener);
    const added = namespace.rawListeners('connection').at(-1) as OnConnection;
    this.listening.set(namespace, { listener, added });
  }

  private listenerOf(gateways: readonly Gateway[]): OnConnection {
    const routes = this.handlers.routesOf(gateways);
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

  /** A middleware of the app's has refused a client, or failed on it. */
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
    const known = sessionOf(socket);
    if (known) return known;
    const session = new Session(socket, this.dispatch!, this.onEnd);
    guardSocket(socket, session);
    return session;
  }

  private open(socket: Socket, service: Service): void {
    // One whose state is recovered may come past the middlewares.
    const session = this.adopt(socket);
    if (session.isOver) return;
    session.beginSetUp();
    const began = performance.now();
    const pending = this.hooks.call(service.gateways, 'handleConnection', socket);
    session.serve(service);
    const { handleConnectionTimeout: timeout } = this.options;
    if (pending && timeout !== false) return this.setUp(session, pending, began, timeout);
    if (!pending) this.breaker.onSuccess();
    else setTimeout(() => session.isOver || this.breaker.onSuccess(), LET_IN).unref();
    void pending?.then((failed) => this.onSettled(session, failed, began));
    session.endSetUp();
  }

  /**
   * Holds a client's events until its `handleConnection` has settled. Where that has failed by a fault of the server's, it
   * is called again as long as there is time for it.
   */
  private setUp(session: Session, first: Promise<readonly HookFailure[]>, began: number, timeout: number): void {
    session.hold();
    const { socket } = session;
    const late = (): Error => new Error(`handleConnection took longer than ${timeout} ms`);
    let latest: Promise<readonly HookFailure[]> | undefined = first;
    let failed: readonly HookFailure[] = [];
    const attempt = async (): Promise<void> => {
      const again = failed.map(({ gateway }) => gateway);
      if (again.length > 0) latest = this.hooks.call(again, 'handleConnection', socket);
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
    // One that is late is awaited once more: `handleDisconnect` comes after it.
    const ended = decided.then(() => withTimeout(latest, timeout, late)).finally(() => session.endSetUp());
    this.inFlight.follow({ what: 'handleConnection', client: socket.id }, ended);
  }

  /** `handleConnection` is through, has refused a client, or has failed on it in the end. */
  private onSettled(session: Session, failed: readonly unknown[], began: number): void {
    const refusal = failed.find(isRefusal);
    if (session.socket.connected || !refusal) this.log(session.socket, refusal ? [refusal] : failed);
    // A hook may fail, or take long, since it waits for a client that has gone.
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
    const pending = this.hooks.call(gateways, 'handleDisconnect', socket, reason);
    if (!pending) return;
    this.inFlight.follow({ what: 'handleDisconnect', client: socket.id }, pending);
    void pending.then((failed) => this.log(socket, failed));
  };

  /** Refuses a client: told to disconnect, it does not come back by itself. */
  private disconnect(session: Session, answered: ErrorAnswer, error?: unknown): void {
    const { socket } = session;
    session.drop(answered);
    if (!socket.connected) return;
    this.failures.tell(socket, { answer: answered, error });
    socket.disconnect();
  }

  /**
   * Lets go of a client by a fault of the server's: it comes back by itself when its transport is closed. One that is in
   * other namespaces keeps those, and is told to leave this one.
   */
  private giveUp(session: Session): void {
    const { socket } = session;
    if (countNamespaces(socket) > 1) this.disconnect(session, NOT_READY);
    else {
      session.drop(NOT_READY);
      socket.conn.close();
    }
  }

  /** What was meant for the client is no fault of the server's. */
  private log(client: Socket, failed: readonly unknown[]): void {
    for (const failure of failed) {
      if (isRefusal(failure)) this.logger.warn(`${failure.message}: ${messageOf(toErrorAnswer(failure.cause))}`);
      else if (failure instanceof HookFailure) logFailure(failure.message, failure.cause);
      else if (client.connected) logFailure(`Client ${client.id} could not be set up`, failure);
    }
  }
}

/** Whether a hook has failed with what was meant for the client. */
function isRefusal(failure: unknown): failure is HookFailure {
  return failure instanceof HookFailure && isMeantForClient(failure.cause);
}

/** Ends the connection of a client that is in no namespace yet; Socket.IO forgets the socket then. */
function closeForReturn({ conn }: Socket, next: () => void): void {
  conn.close();
  next();
}
