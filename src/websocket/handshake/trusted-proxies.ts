import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';
import type { Trusts } from '../options/trust-proxy.js';

/** Finds the client of a request that comes through trusted proxies. */
export class TrustedProxies {
  constructor(private readonly trusts: Trusts | undefined) {}

  /** The address that a request comes from. A connection over a Unix socket comes from this machine. */
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

  /** Whether `X-Forwarded-For` is ignored, because no proxy is trusted. */
  overlooks(request: IncomingMessage): boolean {
    return !this.trusts && request.headers['x-forwarded-for'] !== undefined;
  }
}

function peerOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '127.0.0.1';
}
