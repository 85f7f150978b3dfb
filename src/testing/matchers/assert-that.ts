import { AssertionError } from 'node:assert';
import { AppSubject } from './app-subject.js';
import { TestClient, ackOf } from '../client/test-client.js';
import { Crowd } from '../crowd/crowd.js';
import { Audience } from './audience.js';
import { equalityOf, equals, type RunnerEquality } from './equality.js';
import { trackAssertion, trackMatcher } from './unawaited.js';
import type { Verdict } from './assertion.js';
import { assertions, type AnyAssertion, type RealtimeMatchers } from './matchers.js';

type Matcher = keyof RealtimeMatchers;
const names = Object.keys(assertions) as Matcher[];

/**
 * Makes an assertion about a client, an ack or an app, in any test runner.
 *
 * @example
 * ```ts
 * await assertThat(bob).toReceive('said', 'hi');
 * await assertThat(carol).not.toReceive('said');
 * ```
 * @throws AssertionError, of `node:assert`, when the assertion fails. An assertion that is not awaited fails
 * `app.close()`. For the promise of `connect()`, the app is not known: a failure that is not awaited is an unhandled
 * rejection.
 */
export function assertThat<Subject>(subject: Subject): RealtimeMatchers<Subject> & { not: RealtimeMatchers<Subject> } {
  return { ...assertionsAbout(subject, false), not: assertionsAbout(subject, true) };
}

function assertionsAbout<Subject>(subject: Subject, negated: boolean): RealtimeMatchers<Subject> {
  const assertion = (name: Matcher) => {
    const assert = (...args: unknown[]): PromiseLike<void> => {
      const madeAt = new Error();
      Error.captureStackTrace(madeAt, assert);
      const evaluate = async (): Promise<void> => {
        const verdict = await (assertions[name] as AnyAssertion)({ negated, equals, since: 0 }, subject, ...args);
        if (verdict.pass === negated) throw new AssertionError({ message: verdict.message() });
      };
      return trackAssertion(name, appOf(subject), evaluate(), madeAt);
    };
    return assert;
  };
  return Object.fromEntries(names.map((name) => [name, assertion(name)])) as unknown as RealtimeMatchers<Subject>;
}

/** Identifies the app of a subject by its timeline, if the app is known. */
export function appOf(subject: unknown): object | undefined {
  if (subject instanceof AppSubject) return subject.timeline;
  if (subject instanceof TestClient) return subject.context.timeline;
  if (subject instanceof Audience || subject instanceof Crowd) return subject.context.timeline;
  if (Array.isArray(subject)) return appOf(subject[0]);
  return ackOf(subject)?.client.context.timeline;
}

/** What a test runner passes to an asynchronous matcher as `this`. */
interface RunnerState extends RunnerEquality {
  isNot?: boolean;
  /** Vitest sets this for `expect.soft`. */
  soft?: boolean;
}

type RunnerMatcher = (this: RunnerState, subject: unknown, ...args: unknown[]) => Promise<Verdict>;

/**
 * All matchers, for the `expect.extend()` of a test runner.
 *
 * @param testOf returns the object that reports a missing `await`, and the time from which log entries count
 */
export function matchersBy(testOf: (state: object) => { owner?: object; since?: number }) {
  const matcher = (name: Matcher): RunnerMatcher =>
    function match(subject, ...args) {
      const madeAt = new Error();
      Error.captureStackTrace(madeAt, match);
      const { owner = appOf(subject), since = 0 } = testOf(this);
      const manner = { negated: this.isNot ?? false, equals: equalityOf(this), since };
      const evaluate = async (): Promise<Verdict> => (assertions[name] as AnyAssertion)(manner, subject, ...args);
      return trackMatcher(name, owner, evaluate(), madeAt, this.soft) as Promise<Verdict>;
    };
  return Object.fromEntries(names.map((name) => [name, matcher(name)])) as Record<Matcher, RunnerMatcher>;
}

/** All matchers, for the `expect.extend()` of Jest and other runners. One that is not awaited fails `app.close()`. */
export const matchers = matchersBy(() => ({}));
