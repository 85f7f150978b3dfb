import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { fullBucket } from '../timing/token-bucket.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { ClientAddresses, type AddressAccount } from './client-addresses.js';
import { HandshakeRefusal } from './handshake-refusal.js';

// Another try may succeed when other clients have left.
const SERVER_FULL = new HandshakeRefusal(503, 'TOO_MANY_CONNECTIONS', 'The server is at its limit of connections', 10);
const ADDRESS = 'This address is at its limit of connections';
const ADDRESS_FULL = new HandshakeRefusal(429, 'TOO_MANY_CONNECTIONS_OF_ADDRESS', ADDRESS, 10);

/** Limits connections, in total and by address. */
@Injectable()
export class ConnectionLimits {
  private connections = 0;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(ClientAddresses) private readonly addresses: ClientAddresses,
  ) {}

  /** Whether one more connection may be opened. @returns why not */
  judge(request: IncomingMessage): HandshakeRefusal | undefined {
    const account = this.addresses.accountOf(request);
    if (isMore(this.connections + 1, this.options.limits.connections)) return SERVER_FULL;
    const isFull = isMore(account.connections + 1, this.options.limits.connectionsPerAddress);
    return this.unlessByUnnamedProxy(request, isFull ? ADDRESS_FULL : this.charge(account));
  }

  /**
   * Counts a connection that has been opened.
   *
   * @returns why it is one too many after all: several slow handshakes may have passed the check for the same place
   */
  open(account: AddressAccount, request: IncomingMessage): HandshakeRefusal | undefined {
    this.connections += 1;
    account.connections += 1;
    if (isMore(this.connections, this.options.limits.connections)) return SERVER_FULL;
    const isOneTooMany = isMore(account.connections, this.options.limits.connectionsPerAddress);
    return this.unlessByUnnamedProxy(request, isOneTooMany ? ADDRESS_FULL : undefined);
  }

  close(account: AddressAccount): void {
    this.connections -= 1;
    account.connections -= 1;
  }

  private unlessByUnnamedProxy<T>(request: IncomingMessage, refused: T | undefined): T | undefined {
    return refused && this.addresses.comesByUnnamedProxy(request) ? undefined : refused;
  }

  private charge(account: AddressAccount): HandshakeRefusal | undefined {
    const { connectRate } = this.options.limits;
    if (!connectRate) return undefined;
    const bucket = (account.connects ??= fullBucket(connectRate));
    if (bucket.tryRemoveTokens(1)) return undefined;
    const retryAfter = Math.ceil(bucket.getWaitTime(1) / 1_000);
    const text = 'This address opens connections faster than it may';
    return new HandshakeRefusal(429, 'CONNECTING_TOO_FAST', text, retryAfter);
  }
}

function isMore(connections: number, limit: number | false = false): boolean {
  return limit !== false && connections > limit;
}
