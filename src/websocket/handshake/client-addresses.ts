import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import ipaddr from 'ipaddr.js';
import type { TokenBucket } from 'limiter';
import proxyAddr from 'proxy-addr';
import { isFull } from '../timing/token-bucket.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { trustOfAdapter } from './adapter-trust.js';
import { trustsOf, type Trusts } from '../options/trust-proxy.js';

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
  private believed: { readonly trusts: Trusts | undefined } | undefined;
  private hasWarned = false;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Read on the first request, because an app sets Express' `trust proxy` after it was created. */
  private get trusts(): Trusts | undefined {
    const { trustProxy } = this.options;
    this.believed ??= { trusts: trustsOf(trustProxy ?? trustOfAdapter(this.adapterHost.httpAdapter)) };
    return this.believed.trusts;
  }

  /** The client's address, through any number of trusted proxies. A Unix socket counts as this machine. */
  addressOf(request: IncomingMessage): string {
    const peer = peerOf(request);
    if (!this.trusts) return peer;
    // `proxy-addr` itself would fail on a Unix socket, which has no address. Such a proxy is on this machine.
    const read = { headers: request.headers, socket: { remoteAddress: peer } } as IncomingMessage;
    return proxyAddr(read, this.trusts);
  }

  /** The host and port that a request was made to. */
  hostOf(request: IncomingMessage): string | undefined {
    const forwarded = request.headers['x-forwarded-host'];
    if (this.trusts?.(peerOf(request), 0) && typeof forwarded === 'string') return forwarded.split(',', 1)[0]?.trim();
    return request.headers.host;
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
    const isNamed = this.options.trustProxy !== undefined || this.trusts;
    if (isNamed || request.headers['x-forwarded-for'] === undefined) return false;
    const address = this.addressOf(request);
    if (!isPrivate(address, 0)) return false;
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

function peerOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '127.0.0.1';
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

const isPrivate = proxyAddr.compile(['loopback', 'linklocal', 'uniquelocal']);
