/** The ports of URLs without one. */
const DEFAULT_PORTS: Record<string, number> = { 'redis:': 6379, 'http:': 80, 'https:': 443 };

/**
 * The host and the port of a URL, for `net.connect`.
 *
 * @throws TypeError when it has no port, and its protocol has no known one
 */
export function tcpAddressOf(url: string): { host: string; port: number } {
  const { protocol, hostname, port: given } = new URL(url);
  const port = Number(given) || DEFAULT_PORTS[protocol];
  if (!port) throw new TypeError(`Expected a URL with a port, such as redis://localhost:6379; got ${url}.`);
  // A URL has an IPv6 address in brackets.
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port };
}
