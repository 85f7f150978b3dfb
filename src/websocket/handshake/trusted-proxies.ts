import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';
import type { Trusts } from '../options/trust-proxy.js';

/** Knows whom a request comes from, where proxies stand between. */
export class TrustedProxies {
  constructor(private readonly trusts: Trusts | undefined) {}

  /** The address that a request comes from; of a connection by a Unix socket, this machine. */
  addressOf(request: IncomingMessage): string {
    const peer = peerOf(request);
    if (!this.trusts) return peer;
    // Its own reading of the socket would fail on a Unix socket, whose proxy is as close as one can be.
    const read = { headers: request.headers, socket: { remoteAddress: peer } } as IncomingMessage;
    return proxyAddr(read, this.trusts);
  }

  /** The host and port that a request was made to. */
  hostOf(request: IncomingMessage): string | undefined {
    const forwarded = request.headers['x-forwarded-host'];
    if (this.trusts?.(peerOf(request), 0) && typeof forwarded === 'string') return forwarded.split(',', 1)[0]?.trim();
    return request.headers.host;
  }

  /** Whether a proxy says whom it speaks for, and is not listened to. */
  overlooks(request: IncomingMessage): boolean {
    return !this.trusts && request.headers['x-forwarded-for'] !== undefined;
  }
}

function peerOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '127.0.0.1';
}
