import proxyAddr from 'proxy-addr';

/**
 * Which proxies are believed when they say whom they speak for (`X-Forwarded-For`, `X-Forwarded-Host`): `false` for none,
 * the number of trusted proxies, their addresses and ranges (`10.0.0.0/8`, `loopback`, `linklocal`, `uniquelocal`), or a
 * function that is asked for each address, the closest first.
 */
export type TrustProxy = false | number | string | readonly string[] | Trusts;

/** Whether the proxy at an address is believed; the closest is hop 0. */
export type Trusts = (address: string, hop: number) => boolean;

/** What an app says of its proxies, as a function; none where it trusts none. @throws TypeError for an address or a range that is none */
export function trustsOf(trust: TrustProxy): Trusts | undefined {
  if (trust === false) return undefined;
  if (typeof trust === 'function') return trust;
  if (typeof trust === 'number') return (_, hop) => hop < trust;
  return proxyAddr.compile([...(typeof trust === 'string' ? trust.split(/\s*,\s*/) : trust)]);
}
