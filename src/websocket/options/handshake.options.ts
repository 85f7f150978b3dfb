import { attempt } from '../errors/report-error.js';
import { aBoolean, count, rule, withDefault } from './option-rules.js';
import { trustsOf, type TrustProxy } from './trust-proxy.js';

/** Who may open a connection. */
export const handshakeOptions = {
  /**
   * Whether clients may connect that name no origin, as programs do that are no browsers: apps on phones, other servers,
   * scripts. Every browser names the page's origin, unless the page is the server's own.
   *
   * @default true
   */
  allowMissingOrigin: withDefault(aBoolean, true),

  /**
   * Which proxies are believed when they say whom they speak for: `false` for none, the number of trusted proxies, their
   * addresses and ranges (`'10.0.0.0/8'`, `'loopback'`, `'linklocal'`, `'uniquelocal'`), or a function. Where none is
   * trusted, all clients behind a proxy have its address.
   *
   * @default what the HTTP adapter trusts: Express' setting `trust proxy`, Fastify's option `trustProxy`
   */
  trustProxy: rule<TrustProxy>(
    'false, the number of trusted proxies, their addresses or ranges such as "loopback, 10.0.0.0/8", or a function; ' +
      'believing everybody would let a client choose its address',
    isTrust,
  ),
};

function isTrust(value: unknown): boolean {
  if (typeof value === 'number') return count.accepts(value);
  if (typeof value !== 'string' && !Array.isArray(value)) return value === false || typeof value === 'function';
  return attempt(() => trustsOf(value) !== undefined, false);
}
