import { attempt } from '../errors/report-error.js';
import { aBoolean, count, rule, withDefault } from './option-rules.js';
import { trustsOf, type TrustProxy } from './trust-proxy.js';

/** Who may open a connection. */
export const handshakeOptions = {
  /**
   * Whether clients may connect that send no `Origin` header: mobile apps, other servers, scripts. Browsers send it,
   * unless the page is the server's own.
   *
   * @default true
   */
  allowMissingOrigin: withDefault(aBoolean, true),

  /**
   * Which proxies may name the client's address by `X-Forwarded-For`: `false` for none, the number of trusted proxies,
   * their addresses and ranges (`'10.0.0.0/8'`, `'loopback'`, `'linklocal'`, `'uniquelocal'`), or a function. When no
   * proxy is trusted, all clients behind one have its address. When neither this option nor the HTTP adapter names a
   * proxy, and `X-Forwarded-For` comes from a private or loopback address, the limits for one address only log a
   * warning.
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
  return attempt(() => value === false || trustsOf(value as TrustProxy) !== undefined, false);
}
