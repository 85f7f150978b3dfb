import type { ServerResponse } from 'node:http';
import { isObject } from '../options/option-rules.js';

/**
 * Whether pages of the request's origin may connect. It applies the rules of CORS to every transport. The option `cors`
 * (a list, a RegExp, a function) has already set its answer as a header of the response. A page may always connect to
 * its own origin, as CORS does not restrict that.
 */
export function originIsAllowed(
  origin: string,
  response: Pick<ServerResponse, 'getHeader'>,
  host: () => string | undefined,
): boolean {
  const allowed = response.getHeader('Access-Control-Allow-Origin');
  return allowed === '*' || allowed === origin || isSame(origin, host());
}

/**
 * The option `cors` as an object. The package `cors` allows every origin for `true`, a string, or an object without
 * `origin`. It allows none if `origin` is undefined, for example from a variable that is not set. For `origin: false`
 * it would do nothing on each request, so the option is left out.
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

function isSame(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const requested = `${protocol}//${host}`;
  return URL.canParse(requested) && new URL(requested).host === own;
}
