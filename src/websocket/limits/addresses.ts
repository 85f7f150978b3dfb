import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import type { TokenBucket } from 'limiter';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import { isFull } from './token-bucket.js';
import { TrustedProxies } from './trusted-proxies.js';

/** So many handshakes for others from a private address, and it is no chance any more. */
const OVERLOOKED_BEFORE_HINT = 20;

/** What is counted of one address. */
export class AddressAccount {
  connections = 0;
  /** What it may open of connections. */
  connects: TokenBucket | undefined;
  /** What its connections may send. */
  messages: TokenBucket | undefined;

  constructor(readonly address: string) {}

  /** Whether a new account would be the same. */
  get isBlank(): boolean {
    return (
      this.connections === 0 && [this.connects, this.messages].every((bucket) => !bucket || isFull(bucket))
    );
  }
}

/** The accounts of all addresses of which there is something to remember. */
@Injectable()
export class Addresses {
  readonly proxies: TrustedProxies;
  private readonly accounts = new Map<string, AddressAccount>();
  private latest = { address: '', counted: '' };
  private overlooked = 0;

  constructor(@Inject(WEBSOCKET_OPTIONS) { admission }: ResolvedWebsocketOptions) {
    this.proxies = new TrustedProxies(admission.trustProxy);
  }

  /** How many there are. */
  get size(): number {
    return this.accounts.size;
  }

  /** By what the address of a request counts. */
  countedAddressOf(request: IncomingMessage): string {
    const address = this.proxies.addressOf(request);
    // Asked for again when a handshake has become a connection; parsing an IPv6 address takes its time.
    if (address !== this.latest.address) this.latest = { address, counted: toCountedAddress(address) };
    return this.latest.counted;
  }

  /** The account of the address that a request comes from. */
  accountOf(request: IncomingMessage): AddressAccount {
    const address = this.countedAddressOf(request);
    let account = this.accounts.get(address);
    if (!account) {
      this.forgetSome();
      account = new AddressAccount(address);
      this.accounts.set(address, account);
    }
    return account;
  }

  /** Behind a proxy that is not trusted, all clients count as one: the limits of one address would be theirs together. */
  noteHandshake(request: IncomingMessage): void {
    if (this.overlooked > OVERLOOKED_BEFORE_HINT || !this.proxies.overlooks(request)) return;
    const peer = this.proxies.addressOf(request);
    if (!isPrivate(peer)) return;
    this.overlooked += 1;
    if (this.overlooked <= OVERLOOKED_BEFORE_HINT) return;
    new Logger(Addresses.name).warn(
      `Handshakes come from ${peer} with X-Forwarded-For, as from a proxy, and count as one client. ` +
        'If it is one, name it: WebsocketModule.forRoot({ trustProxy: "loopback, uniquelocal" }), or how many there are: { trustProxy: 1 }',
    );
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
const MAPPED = '::ffff:';

/** By what an address counts: itself or, of IPv6, the /64 that one customer has of a provider. */
export function toCountedAddress(address: string): string {
  const plain = withoutPort(address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address);
  if (isIPv4(plain)) return plain;
  if (!ipaddr.isValid(plain)) return 'unknown';
  const parsed = ipaddr.process(plain);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const { parts } = parsed as ipaddr.IPv6;
  return `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
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
