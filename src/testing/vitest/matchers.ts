import { expect as vitestExpect, type MatcherState } from 'vitest';
import { appOf } from '../matchers/assert-that.js';
import { equalityOf } from '../matchers/equality.js';
import { takeUnawaited, trackMatcher } from '../matchers/unawaited.js';
import type { Verdict } from '../matchers/assertion.js';
import { assertions, type AnyAssertion, type RealtimeMatchers } from '../matchers/matchers.js';
import { TestRun } from './test-run.js';

type VitestAssertion<Subject> = ReturnType<typeof vitestExpect.soft<Subject>>;
type RealtimeAssertion<Subject> = VitestAssertion<Subject> &
  RealtimeMatchers<Subject> & { not: RealtimeMatchers<Subject> };

declare module 'vitest' {
  /*
   * Not `Matchers`, whose type parameters differ in Vitest 5: an extension has to repeat them, and would not compile
   * with both versions.
   */
  interface ExpectStatic {
    <Subject>(actual: Subject, message?: string): RealtimeAssertion<Subject>;
  }
}

/** Vitest's own `expect`, with the matchers. */
export const expect = vitestExpect as {
  soft: <Subject>(actual: Subject, message?: string) => RealtimeAssertion<Subject>;
} & typeof vitestExpect;

expect.extend(
  Object.fromEntries(Object.entries(assertions).map(([name, assertion]) => [name, matcher(name, assertion)])),
);

function matcher(name: string, assertion: unknown) {
  function match(this: MatcherState, subject: unknown, ...args: unknown[]): Promise<Verdict> {
    const madeAt = new Error();
    Error.captureStackTrace(madeAt, match);
    const { isNot: negated } = this;
    const equals = equalityOf(this);
    const test = testOf(this);
    const evaluate = async (): Promise<Verdict> =>
      (assertion as AnyAssertion)({ negated, equals, since: TestRun.of(test)?.since ?? 0 }, subject, ...args);
    const owner = ownerOf(test) ?? appOf(subject);
    return trackMatcher(name, owner, evaluate(), madeAt, this.soft) as Promise<Verdict>;
  }
  return match;
}

/** A test that Vitest can call back when it is over. An error of the callback fails the test. */
interface Finishing {
  readonly context?: { onTestFinished?(tell: () => void): void };
}

/** The tests that report their own unawaited assertions. */
const telling = new WeakSet<object>();

/** Returns what reports an unawaited assertion: its test. Without our fixtures, the test reports it in a callback. */
function ownerOf(test: object | undefined): object | undefined {
  if (!test || TestRun.of(test) || telling.has(test)) return test;
  const { context } = test as Finishing;
  if (!context?.onTestFinished) return undefined;
  telling.add(test);
  context.onTestFinished(() => {
    // Vitest drops the callbacks before it retries a test.
    telling.delete(test);
    const [forgotten] = takeUnawaited(test);
    if (forgotten) throw forgotten;
  });
  return test;
}

/** The running test. Vitest has it in the state, but not in the state's type. Vitest 3 does not have it at all. */
function testOf(state: MatcherState): object | undefined {
  return (state as { task?: object }).task ?? TestRun.latest?.task;
}
