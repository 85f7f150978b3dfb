import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { WsException } from '@nestjs/websockets';
import { within } from '../within.js';
import { answer, isMeantForClient, toErrorAnswer } from '../dispatch/error-answer.js';
import type { ErrorAnswer } from '../dispatch/error-answer.js';
import { logFailure, tellFailure } from '../dispatch/failure.js';
import type { Server, Socket } from '../socket.io.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import type { Authenticate, Authenticator, ResolvedAuthenticationOptions } from './authentication.options.js';

class TookTooLong extends WsException {
  constructor() {
    super(answer('AUTHENTICATION_TIMEOUT', 'Authentication took too long'));
  }
}

/** How many clients are asked for at a time when those who are connected are checked again. */
const RECHECKED_AT_A_TIME = 50;

/** Lets only those in that the option `authentication` knows, and lets go those whom it does not know any more. */
@Injectable()
export class Authentication implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Authentication.name);
  private readonly options: ResolvedAuthenticationOptions | undefined;
  private readonly servers: Server[] = [];
  private authenticate: Authenticate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) { authentication }: ResolvedWebsocketOptions,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {
    this.options = authentication;
  }

  /** Has the clients of a server asked for. */
  guard(server: Server): void {
    this.servers.push(server);
  }

  onApplicationBootstrap(): void {
    this.scheduleRecheck();
  }

  beforeApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /**
   * Asks who a client is before it is let into a namespace.
   *
   * @param decide is given what the client is told, where it is refused
   */
  admit(socket: Socket, decide: (refusal?: ErrorAnswer) => void): void {
    if (!this.options) {
      decide();
      return;
    }
    void this.identify(socket, this.options)
      .then(
        () => undefined,
        (error: unknown) => toErrorAnswer(error),
      )
      .then(decide);
  }

  /**
   * Asks again who those are that are connected to this node, and disconnects who is refused: the event `exception`
   * says why. Who cannot be asked for, since the server itself fails, stays.
   *
   * @param which those to ask for; by default all
   */
  async recheck(which: (socket: Socket) => boolean = () => true): Promise<void> {
    const sockets = this.servers
      .flatMap((server) => [...server._nsps.values()])
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
      await this.identify(socket, this.options);
    } catch (error) {
      // One who cannot be asked for, since the server itself fails or is slow, stays.
      if (!isMeantForClient(error) || error instanceof TookTooLong || !socket.connected) return;
      this.logger.log(`Client ${socket.id} is not let in any more: ${toErrorAnswer(error).code}`);
      tellFailure(socket, undefined, toErrorAnswer(error));
      socket.disconnect();
    }
  }

  /** @throws what it was refused with; a fault of the server's is logged too */
  private async identify(socket: Socket, options: ResolvedAuthenticationOptions): Promise<void> {
    try {
      const data = await this.ask(socket, options);
      // Left to itself, a function that forgets to return would let everybody in.
      if (typeof data !== 'object' || data === null) {
        throw new TypeError(
          `"authentication" returned ${data === null ? 'null' : typeof data}; expected an object for socket.data, or an exception to refuse`,
        );
      }
      setIdentity(socket.data as Record<string, unknown>, data);
    } catch (error) {
      if (!isMeantForClient(error)) logFailure(`Client ${socket.id} could not be authenticated`, error);
      throw error;
    }
  }

  private async ask(socket: Socket, { use, timeout }: ResolvedAuthenticationOptions): Promise<unknown> {
    this.authenticate ??= this.resolve(use);
    return within(this.authenticate(socket.handshake, socket), timeout, () => {
      this.logger.error(`Client ${socket.id} was refused: "authentication" took longer than ${timeout} ms`);
      return new TookTooLong();
    });
  }

  private resolve(use: Authenticate | Type<Authenticator>): Authenticate {
    if (!isAuthenticator(use)) return use;
    const provider = this.moduleRef.get(use, { strict: false });
    return (handshake, socket) => provider.authenticate(handshake, socket);
  }
}

const CLAIMS = Symbol('claims');

/** Puts into `socket.data` who a client is, in place of who it was; what else the app has put there stays. */
function setIdentity(data: Record<string, unknown> & { [CLAIMS]?: string[] }, identity: object): void {
  for (const claim of data[CLAIMS] ?? []) if (!(claim in identity)) delete data[claim];
  Object.assign(data, identity);
  // Beside the data, so that it comes back with it, and is seen by nobody.
  Object.defineProperty(data, CLAIMS, { configurable: true, value: Object.keys(identity) });
}

function isAuthenticator(use: Authenticate | Type<Authenticator>): use is Type<Authenticator> {
  return typeof (use.prototype as Partial<Authenticator> | undefined)?.authenticate === 'function';
}
