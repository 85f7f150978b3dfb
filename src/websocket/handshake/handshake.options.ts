import { aBoolean, type Rules } from '../option-rules.js';
import { attempt } from '../thrown.js';
import { TrustedProxies, type TrustProxy } from './trusted-proxies.js';

export interface HandshakeOptions {
  /**
   * Whether clients may connect that name no origin, as programs do that are no browsers: apps on phones, other servers,
   * scripts. Every browser names the page's origin, unless the page is the server's own.
   *
   * @default true
   */
  allowMissingOrigin?: boolean;

  /**
   * Which proxies are believed when they say whom they speak for: `false` for none, the number of trusted proxies, their
   * addresses and ranges (`'10.0.0.0/8'`, `'loopback'`, `'linklocal'`, `'uniquelocal'`), or a function. Where none is
   * trusted, all clients behind a proxy have its address.
   *
   * @default what the HTTP adapter trusts: Express' setting `trust proxy`, Fastify's option `trustProxy`
   */
  trustProxy?: TrustProxy;
}

export const handshakeRules: Rules<HandshakeOptions> = {
  allowMissingOrigin: { ...aBoolean, default: true },
  trustProxy: {
    expected:
      'false, the number of trusted proxies, their addresses or ranges such as "loopback, 10.0.0.0/8", or a function; ' +
      'believing everybody would let a client choose its address',
    accepts: (value) =>
      value === false ||
      typeof value === 'function' ||
      (Number.isSafeInteger(value) && (value as number) >= 1) ||
      isListOfRanges(value),
  },
};

function isListOfRanges(value: unknown): boolean {
  if (typeof value !== 'string' && !Array.isArray(value)) return false;
  return attempt(() => new TrustedProxies(value) instanceof TrustedProxies, false);
}
