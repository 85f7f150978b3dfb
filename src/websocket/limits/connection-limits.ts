import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { HandshakeRefusal } from '../admission/handshake-refusal.js';
import type { Socket } from '../socket.io.js';
import type { AddressAccount, Addresses } from './addresses.js';
import type { ResolvedLimits } from './limits.options.js';
import { fullBucket } from './token-bucket.js';

/** After how many seconds it may be worth trying again when others would have to leave first. */
const RETRY_WHEN_FULL = 10;

const SERVER_FULL: HandshakeRefusal = {
  status: 503,
  code: 'TOO_MANY_CONNECTIONS',
  message: 'The server has as many connections as it may have',
  retryAfter: RETRY_WHEN_FULL,
};

const ADDRESS_FULL: HandshakeRefusal = {
  status: 429,
  code: 'TOO_MANY_CONNECTIONS_OF_ADDRESS',
  message: 'This address has as many connections as it may have',
  retryAfter: RETRY_WHEN_FULL,
};

/** Counts connections, from the handshake on: those that are still being let in count too. */
export class ConnectionLimits {
  private connections = 0;
  /** What to do when the connection ends that comes of a polling handshake. */
  private readonly handshakes = new WeakMap<IncomingMessage, () => void>();

  constructor(
    private readonly limits: Omit<ResolvedLimits, 'messageRate'>,
    private readonly addresses: Addresses,
  ) {}

  /**
   * Counts a handshake, unless it is one too many.
   *
   * @param answer the response to a polling handshake, of a WebSocket its TCP socket: without a connection, its end is
   * the handshake's
   */
  admit(request: IncomingMessage, answer: EventEmitter): HandshakeRefusal | undefined {
    if (this.connections >= this.limits.connections) return SERVER_FULL;
    this.addresses.noteHandshake(request);
    const account = this.addresses.accountOf(request);
    if (account.connections >= this.limits.connectionsPerAddress) return ADDRESS_FULL;
    const tooFast = this.charge(account);
    if (tooFast) return tooFast;
    this.count(account, request, answer);
    return undefined;
  }

  /** A polling handshake is over when it is answered; what comes of it counts on until it is closed. */
  keep(connection: Socket['conn']): void {
    const end = this.handshakes.get(connection.request);
    if (!end) return;
    this.handshakes.delete(connection.request);
    connection.on('close', end);
  }

  private charge(account: AddressAccount): HandshakeRefusal | undefined {
    if (!this.limits.connectRate) return undefined;
    const bucket = (account.connects ??= fullBucket(this.limits.connectRate));
    if (bucket.tryRemoveTokens(1)) return undefined;
    return {
      status: 429,
      code: 'CONNECTING_TOO_FAST',
      message: 'This address opens connections faster than it may',
      retryAfter: Math.ceil(bucket.getWaitTime(1) / 1_000),
    };
  }

  private count(account: AddressAccount, request: IncomingMessage, answer: EventEmitter): void {
    this.connections += 1;
    account.connections += 1;
    const end = (): void => {
      this.connections -= 1;
      account.connections -= 1;
    };
    if (answer === request.socket) {
      answer.on('close', end);
      return;
    }
    this.handshakes.set(request, end);
    answer.on('close', () => {
      if (this.handshakes.delete(request)) end();
    });
  }
}
