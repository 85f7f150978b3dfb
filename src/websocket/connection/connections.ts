import { Inject, Injectable, Logger } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { Authentication } from '../authentication/authentication.js';
import { within } from '../within.js';
import { answer, connectError, isMeantForClient, toErrorAnswer } from '../dispatch/error-answer.js';
import type { ErrorAnswer } from '../dispatch/error-answer.js';
import { InFlight } from '../dispatch/in-flight.js';
import { logFailure, tellFailure } from '../dispatch/failure.js';
import type { Dispatch } from '../dispatch/message.js';
import { MessageHandlers } from '../dispatch/message-handlers.js';
import type { Gateway } from '../gateways/gateway.js';
import type { Namespace, Server, Socket } from '../socket.io.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import { beginEntering, endEntering } from './entrants.js';
import { guardBroadcasts } from './guarded-broadcasts.js';
import { guardNamespace, guardNamespaceChoice } from './guarded-namespace.js';
import { guardSocket, sessionOf } from './guarded-socket.js';
import { HookFailure, Hooks } from './hooks.js';
import { Session } from './session.js';
import type { SessionListener, Service } from './session.js';

const NOT_READY = answer('NOT_READY', 'handleConnection took too long');
const ENTERED_TWICE = answer('ENTERED_TWICE', 'The client enters a namespace that it is in');
const TOO_EARLY = answer('NOT_READY', 'Too many messages before handleConnection was through');

/** So much is held for all clients together. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/**
 * The life of a client's connection to a namespace: authenticated, let in by the app's middlewares, set up by
 * `handleConnection`, and from then on its events are handled; at its end `handleDisconnect`.
 */
@Injectable()
export class Connections implements SessionListener {
  private readonly logger = new Logger(Connections.name);
  private dispatch: Dispatch | undefined;
  /** Of the events of all clients that wait for a `handleConnection`. */
  private heldBytes = 0;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(Hooks) private readonly hooks: Hooks,
    @Inject(MessageHandlers) private readonly handlers: MessageHandlers,
    @Inject(InFlight) private readonly inFlight: InFlight,
    @Inject(Authentication) private readonly authentication: Authentication,
  ) {}

  /** Guards every namespace of a server, those that are still to come included. */
  guard(server: Server, invoke: Dispatch['invoke']): void {
    this.dispatch = { inFlight: this.inFlight, wsResponseEvents: this.options.wsResponseEvents, invoke };
    this.authentication.guard(server);
    this.guardNamespace(server.of('/'));
    guardBroadcasts(server.of('/'));
    server.on('new_namespace', (namespace) => this.guardNamespace(namespace));
    guardNamespaceChoice(server);
  }

  guardNamespace(namespace: Namespace): void {
    guardNamespace(namespace, this.enter, (socket, error) => {
      logFailure(`A listener for "connection" failed on client ${socket.id}`, error);
      this.disconnect(this.adopt(socket), toErrorAnswer(error));
    });
  }

  /** Has the clients of a namespace served by its gateways. */
  serve(namespace: Namespace, gateways: readonly Gateway[]): void {
    const service = { gateways, routes: this.handlers.routesOf(gateways) };
    namespace.on('connection', (socket) => this.open(socket, service));
  }

  /** The first middleware of every namespace. */
  private readonly enter = (socket: Socket, next: (error?: Error) => void): void => {
    if (beginEntering(socket)) {
      // As Socket.IO does it with those who are in.
      socket.conn.close();
      next(connectError(ENTERED_TWICE));
      return;
    }
    this.adopt(socket);
    this.authentication.admit(socket, (refusal) => next(refusal && connectError(refusal)));
  };

  private adopt(socket: Socket): Session {
    const known = sessionOf(socket);
    if (known) return known;
    const session = new Session(socket, this.dispatch!, this, this.options.maxHeldMessages);
    guardSocket(socket, session);
    return session;
  }

  private open(socket: Socket, service: Service): void {
    // One whose state is recovered comes past the middlewares.
    const session = this.adopt(socket);
    endEntering(socket);
    if (session.isOver) return;
    session.serve(service);
    session.beginSetUp();
    let pending: Promise<void> | undefined;
    try {
      pending = this.hooks.call(service.gateways, 'handleConnection', socket);
    } catch (error) {
      this.refuse(session, error);
    }
    if (pending) this.setUp(session, pending);
    else session.endSetUp();
  }

  /** Holds a client's events until its `handleConnection` has settled; it may not take for ever. */
  private setUp(session: Session, pending: Promise<void>): void {
    session.hold();
    const decided = within(
      pending,
      this.options.handleConnectionTimeout,
      () => new WsException(NOT_READY),
    ).then(
      () => session.release(),
      (error: unknown) => this.refuse(session, error),
    );
    // One that is late is awaited all the same: `handleDisconnect` comes after it.
    const ended = Promise.allSettled([pending, decided]).then(() => session.endSetUp());
    this.inFlight.follow({ what: 'handleConnection', client: session.socket.id }, ended);
  }

  onHold(bytes: number): boolean {
    this.heldBytes += bytes;
    return this.heldBytes <= MAX_HELD_BYTES;
  }

  onRelease(bytes: number): void {
    this.heldBytes -= bytes;
  }

  onOverflow(session: Session): void {
    this.refuse(session, new WsException(TOO_EARLY));
  }

  onEnd({ socket, gateways }: Session, reason: string): void {
    try {
      const pending = this.hooks.call(gateways, 'handleDisconnect', socket, reason);
      if (!pending) return;
      this.inFlight.follow({ what: 'handleDisconnect', client: socket.id }, pending);
      pending.catch((error: unknown) => this.log(socket, error));
    } catch (error) {
      this.log(socket, error);
    }
  }

  /** A hook has failed on a client: it is told what it may know, and disconnected. */
  private refuse(session: Session, error: unknown): void {
    const { connected } = session.socket;
    if (connected || !isMeantForClient(causeOf(error))) this.log(session.socket, error);
    this.disconnect(session, toErrorAnswer(causeOf(error)));
  }

  private disconnect(session: Session, answered: ErrorAnswer): void {
    const { socket } = session;
    session.drop(answered);
    if (!socket.connected) return;
    tellFailure(socket, undefined, answered);
    socket.disconnect();
  }

  /** What was meant for the client is no fault of the server's. */
  private log(client: Socket, error: unknown): void {
    const cause = causeOf(error);
    const what = error instanceof HookFailure ? error.message : `Client ${client.id} was refused`;
    if (isMeantForClient(cause)) this.logger.warn(`${what}: ${toErrorAnswer(cause).message}`);
    else logFailure(what, cause);
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof HookFailure ? error.cause : error;
}
