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
   * Rather than `Matchers`, whose type parameters are others in Vitest 5: what extends it has to repeat them, and
   * would not compile with both.
   */
  interface ExpectStatic {
    <Subject>(actual: Subject, message?: string): RealtimeAssertion<Subject>;
  }
}

/** Vitest's own `expect`, which has the matchers. */
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

/** What Vitest calls when a test is over; an error that it throws fails the test. */
interface Finishing {
  readonly context?: { onTestFinished?(tell: () => void): void };
}

/** The tests that tell by themselves what they have not awaited. */
const telling = new WeakSet<object>();

/** What answers for an expectation: its test. Where that has no fixtures of ours, it is told what to do at its end. */
function ownerOf(test: object | undefined): object | undefined {
  if (!test || TestRun.of(test) || telling.has(test)) return test;
  const { context } = test as Finishing;
  if (!context?.onTestFinished) return undefined;
  telling.add(test);
  context.onTestFinished(() => {
    // Vitest forgets what is to be done at the end before it tries a test again.
    telling.delete(test);
    const [forgotten] = takeUnawaited(test);
    if (forgotten) throw forgotten;
  });
  return test;
}

/** The running test. Vitest has it in the state, but not in the state's type; Vitest 3 does not say which it is. */
function testOf(state: MatcherState): object | undefined {
  return (state as { task?: object }).task ?? TestRun.latest?.task;
}
