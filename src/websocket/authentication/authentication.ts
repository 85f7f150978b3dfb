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

/** How many clients `recheck` authenticates at a time. */
const RECHECKED_AT_A_TIME = 50;

/** Why a client is not let in: `'given up'` if authentication itself failed. Undefined if it is let in. */
export type Refusal = Failure | 'given up' | undefined;

/** Lets in only clients that the option `authentication` accepts, and disconnects those that it no longer accepts. */
@Injectable()
export class Authentication implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Authentication.name);
  private readonly servers: Server[] = [];
  private authenticate: Authenticate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /**
   * `asks` numbers each authentication of a client and each recheck. `latestRecheck` is the number of the latest
   * recheck; `answered` has the number of the authentication that gave a client its identity.
   */
  private asks = 0;
  private latestRecheck = 0;
  private readonly answered = new WeakMap<Socket, number>();

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(CircuitBreaker) private readonly breaker: CircuitBreaker,
    @Inject(Failures) private readonly failures: Failures,
  ) {}

  /** Includes the clients of a server in each recheck. */
  guard(server: Server): void {
    this.servers.push(server);
  }

  /** @throws WebsocketOptionsError if the provider of the option cannot be resolved */
  prepare(): void {
    const use = this.options.authentication?.use;
    if (use) this.authenticate ??= functionOf(this.moduleRef, 'authentication', use, 'authenticate');
  }

  onApplicationBootstrap(): void {
    this.scheduleRecheck();
  }

  beforeApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Authenticates a client before it joins a namespace. */
  admit(socket: Socket, decide: (refusal: Refusal) => void): void {
    const { authentication } = this.options;
    if (authentication) void this.askUntilKnown(socket, authentication.timeout).then(decide);
    else decide(undefined);
  }

  /** Called when a client has joined. A recheck does not include clients that are still joining. */
  onJoined(socket: Socket): void {
    if (this.isOutdated(socket)) void this.check(socket);
  }

  /**
   * Authenticates the connected clients of this node again, and disconnects those that are refused. The event
   * `exception` tells them why. If authentication itself fails or times out, a client stays connected.
   *
   * @param which selects the clients; by default all
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
    const interval = this.options.authentication?.recheckInterval;
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
    const { authentication } = this.options;
    if (!authentication || !socket.connected) return;
    try {
      await this.identify(socket, authentication.timeout, authentication.timeout);
    } catch (error) {
      if (!isMeantForClient(error)) logFailure(`Client ${socket.id} could not be authenticated`, error);
      if (!isMeantForClient(error) || !socket.connected) return;
      this.logger.log(`Client ${socket.id} is not let in any more: ${toErrorAnswer(error).code}`);
      this.failures.tell(socket, { answer: toErrorAnswer(error), error });
      socket.disconnect();
    }
  }

  /**
   * Retries if authentication itself fails, because a client that is refused does not reconnect. A client that is in
   * other namespaces waits as long as it takes. Any other client is given up after the timeout, and reconnects.
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

  /** @throws the exception that refuses the client, or the error of authentication itself */
  private async identify(socket: Socket, timeout: number, timeLeft: number): Promise<void> {
    const ask = (this.asks += 1);
    const data: unknown = await withTimeout(
      this.authenticate!(socket.handshake, socket),
      Math.max(1, timeLeft),
      () => new Error(`"authentication" took longer than ${timeout} ms`),
    );
    // Without this check, a function that forgets to return would let in every client.
    if (typeof data !== 'object' || data === null) {
      throw new TypeError(
        `"authentication" returned ${data === null ? 'null' : typeof data}; expected an object for socket.data, or an exception to refuse`,
      );
    }
    // If several calls overlap, the answer to the latest call counts.
    if (this.answered.get(socket)! > ask) return;
    this.answered.set(socket, ask);
    setIdentity(socket, data);
  }
}
