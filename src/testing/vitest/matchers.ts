import { expect as vitestExpect } from 'vitest';
import { matchersBy } from '../matchers/assert-that.js';
import type { RealtimeMatchers } from '../matchers/matchers.js';
import { takeUnawaited } from '../matchers/unawaited.js';
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
  matchersBy((state) => {
    const test = testOf(state);
    return { owner: ownerOf(test), since: TestRun.of(test)?.since };
  }),
);

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
function testOf(state: { task?: object }): object | undefined {
  return state.task ?? TestRun.latest?.task;
}
