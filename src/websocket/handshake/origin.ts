import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from '../options/option-rules.js';
import type { TrustedProxies } from './trusted-proxies.js';

/**
 * Whether pages of the request's origin may connect: what CORS would let a browser do, for every transport. The option
 * `cors` has been applied to the response before, whatever it is (a list, a RegExp, a function), and has left its answer
 * there. What a page does on its own origin is no matter of CORS.
 */
export function originIsAllowed(
  origin: string,
  request: IncomingMessage,
  response: Pick<ServerResponse, 'getHeader'>,
  proxies: TrustedProxies,
): boolean {
  const allowed = response.getHeader('Access-Control-Allow-Origin');
  return allowed === '*' || allowed === origin || isSame(origin, proxies.hostOf(request));
}

/**
 * The option `cors` as an object. The package `cors` takes `true`, a text, or an object without `origin`, for every origin;
 * an `origin` that is there and undefined, as of a variable that is not set, it takes for none. With `origin: false` it
 * would do nothing for each request: there is no such option then.
 */
export function corsOptions(cors: unknown): unknown {
  if (cors === true || typeof cors === 'string') return { origin: '*' };
  if (!isObject(cors)) return cors;
  const { origin = 'origin' in cors ? undefined : '*' } = cors as { origin?: unknown };
  return origin === false ? undefined : { ...cors, origin };
}

export function allowsEveryOrigin(cors: unknown): boolean {
  const { origin } = Object(corsOptions(cors)) as { origin?: unknown };
  return origin === '*' || origin === true;
}

/** Whether a request without an origin comes from a browser all the same: from a page of the server's own. */
export function isOfOwnPage({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'same-origin';
}

function isSame(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const requested = `${protocol}//${host}`;
  return URL.canParse(requested) && new URL(requested).host === own;
}
