import { isDeepStrictEqual } from 'node:util';

export type Equals = (actual: unknown, expected: unknown) => boolean;

/** Returns `undefined` for values that it does not handle. */
type EqualityTester = (actual: unknown, expected: unknown) => boolean | undefined;

/** The equality of a test runner, and the testers that the project added to it. */
export interface RunnerEquality {
  equals?(this: void, actual: unknown, expected: unknown, testers?: readonly unknown[]): boolean;
  readonly customTesters?: readonly unknown[];
  /** `toEqual` of the runner uses this to compare sets, maps and other iterables. */
  readonly utils?: { readonly iterableEquality?: unknown };
}

/** The common interface of `expect.any(…)`, `expect.objectContaining(…)` and similar matchers in all runners. */
interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
}

const MAX_DEPTH = 100;

export function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<AsymmetricMatcher>).asymmetricMatch === 'function'
  );
}

/** Deep equality that supports the asymmetric matchers of Vitest, Jest and other runners. */
export const equals: Equals = (actual, expected) => isDeepStrictEqual(withMatched(expected, actual), actual);

/** Runners compare bytes like lists, which takes seconds for 1 MB. */
const bytesAreEqual: EqualityTester = (actual, expected) =>
  actual instanceof Uint8Array && expected instanceof Uint8Array ? Buffer.compare(actual, expected) === 0 : undefined;

/** The equality that a runner's own matchers use, or ours if the runner has none. */
export function equalityOf({ equals: own, customTesters = [], utils }: RunnerEquality): Equals {
  if (!own) return equals;
  const testers = [...customTesters, bytesAreEqual, ...(utils?.iterableEquality ? [utils.iterableEquality] : [])];
  return (actual, expected) => own(actual, expected, testers);
}

/**
 * Returns the expected value, with the actual value in place of each asymmetric matcher that it satisfies. Then only
 * real differences remain.
 *
 * @param unmet returns the replacement of a matcher that is not satisfied
 */
export function withMatched(
  expected: unknown,
  actual: unknown,
  unmet: (matcher: object, actual: unknown) => unknown = (matcher) => matcher,
  depth = 0,
): unknown {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual) ? actual : unmet(expected, actual);
  // A received value is never circular, but an expected one may be.
  if (depth > MAX_DEPTH) return expected;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.map((value, index) => withMatched(value, actual[index] as unknown, unmet, depth + 1));
  }
  if (bytesAreEqual(actual, expected)) return actual;
  // A value that came over the wire is a plain object, even if the expected one is an instance of a class.
  if (isRecord(expected) && isPlain(actual)) {
    return Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [key, withMatched(value, actual[key], unmet, depth + 1)]),
    );
  }
  return expected;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
