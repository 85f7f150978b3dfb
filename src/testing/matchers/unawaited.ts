/** The assertions of each test or app that are not awaited yet. The stack of each error says where it was made. */
const pendingByOwner = new WeakMap<object, Set<Error>>();

/**
 * Tracks whether an assertion is awaited.
 *
 * Vitest and Jest do not await the promise of an asynchronous matcher, and do not report a missing `await`. They call
 * `then` once on what the matcher returns, and the test gets the result of that call. There an `await` can be detected,
 * if neither of the two is a real promise.
 *
 * @param matcher its name
 * @param owner the object that reports a missing `await`, if it is known: the running test, or the app
 * @param madeAt an error whose stack begins where the assertion was made; a failure is reported there
 * @param isSoft whether Vitest itself calls `then` once more, as it does for `expect.soft`
 */
export function trackMatcher<T>(
  matcher: string,
  owner: object | undefined,
  outcome: Promise<T>,
  madeAt: Error,
  isSoft = false,
): PromiseLike<T> {
  const onAwait = noteMade(matcher, owner, madeAt, 'expect');
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- this object exists to be awaited
    then: (onFulfilled, onRejected) => {
      const told = outcome.then(onFulfilled, onRejected).catch((error: unknown) => rethrowAt(madeAt, error));
      // Without an owner, nobody reports a missing `await`, so a failure stays an unhandled rejection.
      return owner ? noticeAwait(told, onAwait, isSoft) : told;
    },
  };
}

/** The same for `assertThat`, whose promise goes directly to the test. */
export function trackAssertion(
  matcher: string,
  owner: object | undefined,
  outcome: Promise<void>,
  madeAt: Error,
): PromiseLike<void> {
  const told = outcome.catch((error: unknown) => rethrowAt(madeAt, error));
  // Without an owner, nobody reports a missing `await`, so a failure stays an unhandled rejection.
  return owner ? noticeAwait(told, noteMade(matcher, owner, madeAt, 'assertThat')) : told;
}

/** Returns, only once, the assertions that a test, or the tests of an app, did not await. */
export function takeUnawaited(owner: object): readonly Error[] {
  const forgotten = [...(pendingByOwner.get(owner) ?? [])];
  pendingByOwner.delete(owner);
  return forgotten;
}

function noteMade(matcher: string, owner: object | undefined, madeAt: Error, by: string): () => void {
  const pending = (owner && pendingByOwner.get(owner)) ?? new Set<Error>();
  if (owner) pendingByOwner.set(owner, pending);
  madeAt.message = `This expectation was not awaited: await ${by}(…).${matcher}(…)`;
  pending.add(madeAt);
  return () => void pending.delete(madeAt);
}

function noticeAwait<T>(promise: Promise<T>, onAwait: () => void, isSoft = false): Promise<T> {
  // The test's teardown reports a missing `await`, so a failure need not be an unhandled rejection as well.
  promise.catch(() => {});
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    then: (...handlers) => {
      if (isSoft) return noticeAwait(promise.then(...handlers), onAwait);
      onAwait();
      return promise.then(...handlers);
    },
    // Jest itself calls `catch`, and gives the result to the test.
    catch: (onRejected) => noticeAwait(promise.catch(onRejected), onAwait),
    finally: (onFinally) => noticeAwait(promise.finally(onFinally), onAwait),
    [Symbol.toStringTag]: 'Promise',
  };
}

function rethrowAt(place: Error, error: unknown): never {
  if (error instanceof Error && place.stack) {
    const frames = place.stack.split('\n').filter((line) => /^\s+at /.test(line));
    error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  }
  throw error;
}
