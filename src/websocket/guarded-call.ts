import { isPromise } from './promise.js';

/** Calls a listener of the app's. What it throws, or its promise rejects with, goes to `onError` and nowhere else. */
export function guardedCall(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = call();
    if (isPromise(result)) result.then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}
