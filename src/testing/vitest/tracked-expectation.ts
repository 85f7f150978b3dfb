/** The expectations of each test that it has not awaited yet; the error of each knows where it was made. */
const pendingByTest = new WeakMap<object, Set<Error>>();

/**
 * Gives a matcher's outcome to Vitest in a way that notices whether the test awaits it.
 *
 * Vitest neither awaits the promise of an asynchronous matcher nor says so when the test forgets to. It calls
 * `then` of what the matcher returns once, and what that call returns is what the test gets: there an `await`
 * shows, provided that neither of the two is a real promise.
 *
 * @param matcher its name
 * @param test the identity of the running test, where there is one
 * @param madeAt an error whose stack begins where the expectation was made; a failure is reported there
 */
export function trackExpectation<T>(
  matcher: string,
  test: object | undefined,
  outcome: Promise<T>,
  madeAt: Error,
): PromiseLike<T> {
  const pending = (test && pendingByTest.get(test)) ?? new Set<Error>();
  if (test) pendingByTest.set(test, pending);
  madeAt.message = `This expectation was not awaited: await expect(…).${matcher}(…)`;
  pending.add(madeAt);
  const onAwait = (): void => void pending.delete(madeAt);
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what this object is for
    then: (onFulfilled, onRejected) =>
      noticeAwait(
        outcome.then(onFulfilled, onRejected).catch((error: unknown) => rethrowAt(madeAt, error)),
        onAwait,
      ),
  };
}

/** The expectations that a test has not awaited. They are told once. */
export function takeForgotten(test: object): readonly Error[] {
  const forgotten = [...(pendingByTest.get(test) ?? [])];
  pendingByTest.delete(test);
  return forgotten;
}

function noticeAwait<T>(promise: Promise<T>, onAwait: () => void): PromiseLike<T> {
  // Unawaited, a failure is reported by the test's teardown; it need not be an unhandled rejection as well.
  promise.catch(() => {});
  const noticed = <K extends 'then' | 'catch' | 'finally'>(method: K): Promise<T>[K] =>
    ((...args: never[]) => {
      onAwait();
      return (promise[method] as (...args: never[]) => unknown).apply(promise, args);
    }) as Promise<T>[K];
  // oxlint-disable-next-line unicorn/no-thenable -- as above
  return { then: noticed('then'), catch: noticed('catch'), finally: noticed('finally') } as PromiseLike<T>;
}

function rethrowAt(place: Error, error: unknown): never {
  if (error instanceof Error && place.stack) {
    const frames = place.stack.split('\n').filter((line) => /^\s+at /.test(line));
    error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  }
  throw error;
}
