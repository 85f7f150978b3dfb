import { aBoolean } from '../option-rules.js';
import type { Rule } from '../option-rules.js';
import { TrustedProxies } from '../limits/trusted-proxies.js';
import type { TrustProxy } from '../limits/trusted-proxies.js';

export interface AdmissionOptions {
  /**
   * Whether clients may connect that name no origin, as programs do that are no browsers: apps on phones, other servers,
   * scripts. Every browser names the page's origin, unless the page is the server's own.
   *
   * @default true
   */
  allowMissingOrigin?: boolean;

  /**
   * Which proxies are believed when they say whom they speak for: `false` for none, how many of them stand before the app,
   * their addresses and ranges (`'10.0.0.0/8'`, `'loopback'`, `'linklocal'`, `'uniquelocal'`), or a function. Without it,
   * all clients behind a proxy count as one address.
   *
   * @default false
   */
  trustProxy?: TrustProxy;
}

export type ResolvedAdmissionOptions = Required<AdmissionOptions>;

export function resolveAdmissionOptions({
  allowMissingOrigin = true,
  trustProxy = false,
}: AdmissionOptions): ResolvedAdmissionOptions {
  return { allowMissingOrigin, trustProxy };
}

export const admissionRules: Record<keyof AdmissionOptions, Rule> = {
  allowMissingOrigin: aBoolean,
  trustProxy: {
    expected:
      'false, how many proxies there are, their addresses or ranges such as "loopback, 10.0.0.0/8", or a function; ' +
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
  try {
    return new TrustedProxies(value) instanceof TrustedProxies;
  } catch {
    return false;
  }
}
