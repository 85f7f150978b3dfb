import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import ipaddr from 'ipaddr.js';
import type { TokenBucket } from 'limiter';
import { isFull } from '../timing/token-bucket.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { trustOfAdapter } from './adapter-trust.js';
import { trustsOf } from '../options/trust-proxy.js';
import { TrustedProxies } from './trusted-proxies.js';

/** What is counted of one address. */
export class AddressAccount {
  connections = 0;
  /** What it may open of connections. */
  connects: TokenBucket | undefined;

  /** Whether a new account would be the same. */
  get isBlank(): boolean {
    return this.connections === 0 && (!this.connects || isFull(this.connects));
  }
}

/** Knows from which addresses clients come, and has an account for each of which there is something to remember. */
@Injectable()
export class ClientAddresses {
  private readonly accounts = new Map<string, AddressAccount>();
  private trusted: TrustedProxies | undefined;
  private hasWarned = false;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Read with the first request: an app sets Express' `trust proxy` after it was created. */
  get proxies(): TrustedProxies {
    const { trustProxy } = this.options;
    this.trusted ??= new TrustedProxies(trustsOf(trustProxy ?? trustOfAdapter(this.adapterHost.httpAdapter)));
    return this.trusted;
  }

  /** The address of the client that a request comes from, whatever proxies are between. */
  addressOf(request: IncomingMessage): string {
    return this.proxies.addressOf(request);
  }

  /** The account of the address that a request comes from. */
  accountOf(request: IncomingMessage): AddressAccount {
    const address = toCountedAddress(this.addressOf(request));
    let account = this.accounts.get(address);
    if (!account) {
      this.forgetSome();
      account = new AddressAccount();
      this.accounts.set(address, account);
    }
    return account;
  }

  /**
   * Whether a request comes by way of a proxy that nobody has named: from a private address, for another. All clients have
   * that address then, which is warned of once. From a public address it may as well be the client's own claim.
   */
  comesByUnnamedProxy(request: IncomingMessage): boolean {
    if (this.options.trustProxy !== undefined || !this.proxies.overlooks(request)) return false;
    const address = this.addressOf(request);
    if (!isPrivate(address)) return false;
    if (!this.hasWarned) {
      new Logger(ClientAddresses.name).warn(
        `Handshakes come from ${address} with X-Forwarded-For, as from a proxy, and all clients have its ` +
          'address: the limits for one address refuse nobody. Name the proxy: ' +
          'WebsocketModule.forRoot({ trustProxy: "loopback, uniquelocal" }), or how many there are: { trustProxy: 1 }; ' +
          'with { trustProxy: false } there is none, and the limits hold',
      );
    }
    this.hasWarned = true;
    return true;
  }

  /**
   * Each account that comes looks whether the two that were looked at longest ago can go, so that there are never many
   * more than are in use, and no timer is needed.
   */
  private forgetSome(): void {
    let looks = 2;
    for (const [address, account] of this.accounts) {
      this.accounts.delete(address);
      if (!account.isBlank) this.accounts.set(address, account);
      looks -= 1;
      if (looks === 0) return;
    }
  }
}

/** Before an IPv4 address, where a server listens to both. */
const MAPPED = /^::ffff:/;

/** By what an address counts: itself or, of IPv6, the /64 that one customer has of a provider. */
export function toCountedAddress(address: string): string {
  if (isIPv4(address)) return address;
  const plain = withoutPort(address.replace(MAPPED, ''));
  if (isIPv4(plain)) return plain;
  if (!ipaddr.isValid(plain)) return 'unknown';
  const parsed = ipaddr.process(plain);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = (parsed as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/** Some proxies name the port too: `192.0.2.1:49152`, `[2001:db8::1]:49152`. */
function withoutPort(address: string): string {
  const [, v4, v6] = /^(?:([\d.]+):\d+|\[([^\]]+)\](?::\d+)?)$/.exec(address) ?? [];
  return v4 ?? v6 ?? address;
}

function isPrivate(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ['loopback', 'private', 'uniqueLocal', 'linkLocal'].includes(ipaddr.process(address).range());
}
