import { expect } from 'vitest';
import type { MatcherState } from 'vitest';
import { hasLogged, isRefused, receives } from '../expectations.js';
import type { ExpectedLog, Verdict } from '../expectations.js';
import { TestApp } from '../app/test-app.js';
import { TestClient } from '../app/test-client.js';
import { logsSince } from './realtime-test.js';
import { trackExpectation } from './tracked-expectation.js';

/** What `expect` states about clients and apps. Each has to be awaited; a test that forgets to, fails. */
export interface RealtimeMatchers {
  /**
   * The client receives this event, with exactly these arguments when any are given (asymmetric matchers work).
   * It takes the oldest unread one, or waits for it; the next expectation sees only what is still unread.
   *
   * `.not` lets the app settle and then looks: it takes about a millisecond, and is exact. On a client that is
   * gone it fails, since the silence of the dead proves nothing.
   */
  toReceive(event: string, ...args: unknown[]): Promise<void>;
  /**
   * The app logs this message; of an app that tests share, only what it logs in this test counts. `.not` lets the
   * app settle first.
   */
  toHaveLogged(message: string | RegExp, expected?: ExpectedLog): Promise<void>;
  /** The server refuses the connection: `await expect(connect({ auth })).toBeRefused('unauthorized')`. */
  toBeRefused(reason?: string | RegExp): Promise<void>;
}

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-empty-object-type, no-unused-vars -- Vitest declares it so
  interface Matchers<T = any> extends RealtimeMatchers {}
}

expect.extend({
  toReceive(received: unknown, event: string, ...args: unknown[]) {
    const client = receiver(received, TestClient, 'toReceive', 'a client, as connect() gives it');
    const { isNot: negated, equals } = this;
    return tracked(this, 'toReceive', receives(client, [event, ...args], { negated, equals }));
  },
  toHaveLogged(received: unknown, message: string | RegExp, expected?: ExpectedLog) {
    const app = receiver(
      received,
      TestApp,
      'toHaveLogged',
      'an app, as startTestApp() or the fixture gives it',
    );
    const since = logsSince((this as { task?: object }).task);
    return tracked(this, 'toHaveLogged', hasLogged(app, message, expected, { negated: this.isNot, since }));
  },
  toBeRefused(received: unknown, reason?: string | RegExp) {
    return tracked(this, 'toBeRefused', isRefused(received, reason));
  },
});

export { expect };

function tracked(state: MatcherState, matcher: string, verdict: Promise<Verdict>): Promise<Verdict> {
  const madeAt = new Error();
  Error.captureStackTrace(madeAt, tracked);
  return trackExpectation(matcher, testOf(state), verdict, madeAt) as Promise<Verdict>;
}

/** The running test; Vitest has it in the state, but not in the state's type. */
function testOf(state: MatcherState): object | undefined {
  return (state as { task?: object }).task;
}

function receiver<T>(
  received: unknown,
  type: abstract new (...args: never[]) => T,
  matcher: string,
  wanted: string,
): T {
  if (received instanceof type) return received;
  throw new TypeError(
    `expect(…).${matcher}() needs ${wanted}; it got ${received === null ? 'null' : typeof received}.`,
  );
}
