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

/** The counters of one address. */
export class AddressAccount {
  connections = 0;
  /** Limits how fast the address may open connections. */
  connects: TokenBucket | undefined;

  /** Whether a new account would be the same. */
  get isBlank(): boolean {
    return this.connections === 0 && (!this.connects || isFull(this.connects));
  }
}

/** Finds the address of a client, and keeps an account for each address that has something to remember. */
@Injectable()
export class ClientAddresses {
  private readonly accounts = new Map<string, AddressAccount>();
  private trusted: TrustedProxies | undefined;
  private hasWarned = false;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Read on the first request, because an app sets Express' `trust proxy` after it was created. */
  get proxies(): TrustedProxies {
    const { trustProxy } = this.options;
    this.trusted ??= new TrustedProxies(trustsOf(trustProxy ?? trustOfAdapter(this.adapterHost.httpAdapter)));
    return this.trusted;
  }

  /** The address of the client that sent a request, through any number of trusted proxies. */
  addressOf(request: IncomingMessage): string {
    return this.proxies.addressOf(request);
  }

  /** The account of the client's address; it is created if there is none. */
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
   * Whether a request comes through a proxy that is not configured: from a private address, with `X-Forwarded-For`. All
   * clients then have that address, so a warning is logged once. A client with a public address may send it itself.
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
   * Each new account checks whether the two accounts that were checked longest ago can be removed. So there are never
   * many more accounts than are in use, and no timer is needed.
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

/** The prefix of an IPv4 address when a server listens to IPv4 and IPv6. */
const MAPPED = /^::ffff:/;

/** The key by which an address counts: itself or, for IPv6, the /64 that a provider gives to one customer. */
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

/** Some proxies add the port: `192.0.2.1:49152`, `[2001:db8::1]:49152`. */
function withoutPort(address: string): string {
  const [, v4, v6] = /^(?:([\d.]+):\d+|\[([^\]]+)\](?::\d+)?)$/.exec(address) ?? [];
  return v4 ?? v6 ?? address;
}

function isPrivate(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ['loopback', 'private', 'uniqueLocal', 'linkLocal'].includes(ipaddr.process(address).range());
}
