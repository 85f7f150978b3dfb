/** The expectations of each test, or app, that nobody has awaited yet; the error of each knows where it was made. */
const pendingByOwner = new WeakMap<object, Set<Error>>();

/**
 * Watches whether an expectation is awaited.
 *
 * Vitest and Jest neither await the promise of an asynchronous matcher nor say so when the test forgets to. They call
 * `then` of what the matcher returns once, and what that call returns is what the test gets: there an `await`
 * shows, provided that neither of the two is a real promise.
 *
 * @param matcher its name
 * @param owner the identity of what is to answer for it, where that is known: the running test, or the app
 * @param madeAt an error whose stack begins where the expectation was made; a failure is reported there
 * @param isSoft whether Vitest itself calls `then` once more, as `expect.soft` does
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
    // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what this object is for
    then: (onFulfilled, onRejected) => {
      const told = outcome.then(onFulfilled, onRejected).catch((error: unknown) => rethrowAt(madeAt, error));
      // Where nobody will be told that it was forgotten, a failure stays an unhandled rejection.
      return owner ? noticeAwait(told, onAwait, isSoft) : told;
    },
  };
}

/** The same for an assertion, whose promise goes straight to the test. */
export function trackAssertion(
  matcher: string,
  owner: object | undefined,
  outcome: Promise<void>,
  madeAt: Error,
): PromiseLike<void> {
  const told = outcome.catch((error: unknown) => rethrowAt(madeAt, error));
  // Where nobody will be told that it was forgotten, a failure stays an unhandled rejection.
  return owner ? noticeAwait(told, noteMade(matcher, owner, madeAt, 'assertThat')) : told;
}

/** The expectations that a test, or the tests of an app, have not awaited. They are told once. */
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
  // Unawaited, a failure is reported by the test's teardown; it need not be an unhandled rejection as well.
  promise.catch(() => {});
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- as above
    then: (...handlers) => {
      if (isSoft) return noticeAwait(promise.then(...handlers), onAwait);
      onAwait();
      return promise.then(...handlers);
    },
    // Jest itself goes on by `catch`, and gives the test what that returns.
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
