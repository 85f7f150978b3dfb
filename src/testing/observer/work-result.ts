/**
 * Calls a function, and calls `onEnd` when it has finished: at once, or when the returned promise has settled.
 *
 * @returns what the function returned
 * @throws what the function threw
 */
export function endWith<T>(call: () => T, onEnd: (error?: { thrown: unknown }) => void): T {
  let result: T;
  try {
    result = call();
  } catch (error) {
    onEnd({ thrown: error });
    throw error;
  }
  if (isThenable(result)) {
    result.then(
      () => onEnd(),
      (error: unknown) => onEnd({ thrown: error }),
    );
  } else {
    onEnd();
  }
  return result;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && 'then' in value && typeof value.then === 'function';
}
