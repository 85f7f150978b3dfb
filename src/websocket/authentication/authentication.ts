import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { withTimeout } from '../timing/deadline.js';
import { isMeantForClient, toErrorAnswer } from '../errors/error-answer.js';
import { Failures, type Failure } from '../dispatch/failures.js';
import { logFailure } from '../errors/report-error.js';
import { functionOf } from '../options/function-or-provider.js';
import { CircuitBreaker } from '../handshake/circuit-breaker.js';
import { retry } from '../timing/retry.js';
import { countNamespaces, namespacesOf } from '../socket-io/socket-internals.js';
import type { Server, Socket } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import type { Authenticate } from '../options/authentication.options.js';
import { setIdentity } from './identity.js';

/** How many clients are asked for at a time when those who are connected are checked again. */
const RECHECKED_AT_A_TIME = 50;

/** Why a client is not let in: the refusal, or that the server could not find out. */
export type Refusal = Failure | 'given up' | undefined;

/** Lets only those in that the option `authentication` knows, and lets go those whom it does not know any more. */
@Injectable()
export class Authentication implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Authentication.name);
  private readonly options: ResolvedWebsocketOptions['authentication'];
  private readonly servers: Server[] = [];
  private authenticate: Authenticate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** How often somebody was asked for, and everybody anew; to which question, by that count, each client's answer is. */
  private asks = 0;
  private latestRecheck = 0;
  private readonly answered = new WeakMap<Socket, number>();

  constructor(
    @Inject(WEBSOCKET_OPTIONS) { authentication }: ResolvedWebsocketOptions,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(CircuitBreaker) private readonly breaker: CircuitBreaker,
    @Inject(Failures) private readonly failures: Failures,
  ) {
    this.options = authentication;
  }

  /** Has the clients of a server asked for. */
  guard(server: Server): void {
    this.servers.push(server);
  }

  /** @throws WebsocketOptionsError when the provider that is to be asked cannot be had */
  prepare(): void {
    const use = this.options?.use;
    if (use) this.authenticate ??= functionOf(this.moduleRef, 'authentication', use, 'authenticate');
  }

  onApplicationBootstrap(): void {
    this.scheduleRecheck();
  }

  beforeApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Asks who a client is before it is let into a namespace. */
  admit(socket: Socket, decide: (refusal: Refusal) => void): void {
    if (this.options) void this.askUntilKnown(socket, this.options.timeout).then(decide);
    else decide(undefined);
  }

  /** A client is in a namespace. It may have been on its way when all were asked for anew. */
  onJoined(socket: Socket): void {
    if (this.isOutdated(socket)) void this.check(socket);
  }

  /**
   * Asks again who those are that are connected to this node, and disconnects those that are refused: the event
   * `exception` says why. If authentication itself fails or times out, a client stays connected.
   *
   * @param which those to ask for; by default all
   */
  async recheck(which: (socket: Socket) => boolean = () => true): Promise<void> {
    this.latestRecheck = this.asks += 1;
    const sockets = this.servers
      .flatMap(namespacesOf)
      .flatMap((namespace) => [...namespace.sockets.values()])
      .filter(which);
    const next = async (): Promise<void> => {
      for (let socket = sockets.pop(); socket; socket = sockets.pop()) await this.check(socket);
    };
    await Promise.all(Array.from({ length: RECHECKED_AT_A_TIME }, next));
  }

  private scheduleRecheck(): void {
    const interval = this.options?.recheckInterval;
    if (interval === undefined || this.closed) return;
    this.timer = setTimeout(
      () =>
        void this.recheck()
          .catch((error: unknown) => logFailure('Clients could not be authenticated again', error))
          .finally(() => this.scheduleRecheck()),
      interval,
    ).unref();
  }

  private async check(socket: Socket): Promise<void> {
    if (!this.options || !socket.connected) return;
    try {
      await this.identify(socket, this.options.timeout, this.options.timeout);
    } catch (error) {
      if (!isMeantForClient(error)) logFailure(`Client ${socket.id} could not be authenticated`, error);
      if (!isMeantForClient(error) || !socket.connected) return;
      this.logger.log(`Client ${socket.id} is not let in any more: ${toErrorAnswer(error).code}`);
      this.failures.tell(socket, { answer: toErrorAnswer(error), error });
      socket.disconnect();
    }
  }

  /**
   * A fault of the server's is no refusal, upon which a client does not come back: it is asked for again. A client that has
   * joined other namespaces waits as long as it takes; one that has not is given up in the end, to come back.
   */
  private async askUntilKnown(socket: Socket, timeout: number): Promise<Refusal> {
    const began = performance.now();
    let deadline = began + timeout;
    const attempt = async (): Promise<void> => {
      await this.identify(socket, timeout, deadline - performance.now());
      if (this.isOutdated(socket)) await this.identify(socket, timeout, deadline - performance.now());
    };
    try {
      await retry(attempt, (error, pause, tries) => {
        const next = performance.now() + pause;
        if (isMeantForClient(error) || socket.conn.readyState !== 'open') return false;
        if (next >= deadline && countNamespaces(socket) === 0) return false;
        if (next >= deadline) deadline = next + timeout;
        if (tries === 1) logFailure(`Client ${socket.id} could not be authenticated; it is tried again`, error);
        return true;
      });
      return undefined;
    } catch (error) {
      if (isMeantForClient(error)) {
        this.breaker.onSuccess();
        return { answer: toErrorAnswer(error), error };
      }
      this.breaker.onFailure(began);
      logFailure(`Client ${socket.id} could not be authenticated; it may come back`, error);
      return 'given up';
    }
  }

  private isOutdated(socket: Socket): boolean {
    return (this.answered.get(socket) ?? Infinity) < this.latestRecheck;
  }

  /** @throws what it was refused with, or a fault of the server's */
  private async identify(socket: Socket, timeout: number, timeLeft: number): Promise<void> {
    const ask = (this.asks += 1);
    const data: unknown = await withTimeout(
      this.authenticate!(socket.handshake, socket),
      Math.max(1, timeLeft),
      () => new Error(`"authentication" took longer than ${timeout} ms`),
    );
    // Left to itself, a function that forgets to return would let everybody in.
    if (typeof data !== 'object' || data === null) {
      throw new TypeError(
        `"authentication" returned ${data === null ? 'null' : typeof data}; expected an object for socket.data, or an exception to refuse`,
      );
    }
    // Of several answers the one to the latest question counts.
    if (this.answered.get(socket)! > ask) return;
    this.answered.set(socket, ask);
    setIdentity(socket, data);
  }
}
