import { isDeepStrictEqual } from 'node:util';

/** Whether two values are equal. */
export type Equals = (actual: unknown, expected: unknown) => boolean;

/** Whether two values are equal, or `undefined` where it is not the one to say so. */
type EqualityTester = (actual: unknown, expected: unknown) => boolean | undefined;

/** What a test runner brings of its own: its equality, and what the project has added to it. */
export interface RunnerEquality {
  equals?(this: void, actual: unknown, expected: unknown, testers?: readonly unknown[]): boolean;
  readonly customTesters?: readonly unknown[];
  /** By which its `toEqual` compares sets, maps and whatever else is iterable. */
  readonly utils?: { readonly iterableEquality?: unknown };
}

/** What every runner's `expect.any(…)`, `expect.objectContaining(…)` and their like have. */
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

/** Deep equality that knows the asymmetric matchers of Vitest, Jest and whoever else has them. */
export const equals: Equals = (actual, expected) => isDeepStrictEqual(withMatched(expected, actual), actual);

/** Runners compare bytes as they do lists: 1 MB takes them seconds. */
const bytesAreEqual: EqualityTester = (actual, expected) =>
  actual instanceof Uint8Array && expected instanceof Uint8Array ? Buffer.compare(actual, expected) === 0 : undefined;

/** The equality of a runner, as its own matchers have it; where there is none, ours. */
export function equalityOf({ equals: own, customTesters = [], utils }: RunnerEquality): Equals {
  if (!own) return equals;
  const testers = [...customTesters, bytesAreEqual, ...(utils?.iterableEquality ? [utils.iterableEquality] : [])];
  return (actual, expected) => own(actual, expected, testers);
}

/**
 * What was expected, with the value that came in the place of each asymmetric matcher that it satisfies; what is left
 * is where the two differ.
 *
 * @param unmet what stands in the place of one that it does not satisfy
 */
export function withMatched(
  expected: unknown,
  actual: unknown,
  unmet: (matcher: object, actual: unknown) => unknown = (matcher) => matcher,
  depth = 0,
): unknown {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual) ? actual : unmet(expected, actual);
  // Nothing that was received is circular, but what somebody expects may be.
  if (depth > MAX_DEPTH) return expected;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.map((value, index) => withMatched(value, actual[index] as unknown, unmet, depth + 1));
  }
  if (bytesAreEqual(actual, expected)) return actual;
  // What has come over the wire is of no class any more.
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
