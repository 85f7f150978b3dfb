import type { EventEmitter } from 'node:events';

/** A function of the app that is called for an event. */
export type Listener = (...args: unknown[]) => unknown;

/** Calls a listener of the app. What it throws, or what its promise rejects with, goes only to `onError`. */
export function guardedCall(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = call();
    if (isPromise(result)) result.then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}

/** Calls listeners in the same way, each with its own copy of the arguments. */
export function callEach(
  listeners: readonly Listener[],
  self: object,
  args: readonly unknown[],
  onError: (error: unknown) => void,
): void {
  for (const listener of listeners.slice()) guardedCall(() => listener.apply(self, [...args]), onError);
}

/** Calls the listeners for an event in the same way. @returns whether there was a listener */
export function callListeners(
  emitter: Pick<EventEmitter, 'listenerCount' | 'rawListeners'>,
  event: string,
  args: readonly unknown[],
  onError: (error: unknown) => void,
): boolean {
  if (emitter.listenerCount(event) === 0) return false;
  // `rawListeners` returns the wrappers of `once` listeners, which remove the listener when they are called.
  callEach(emitter.rawListeners(event) as Listener[], emitter, args, onError);
  return true;
}

/** Whether a value is a promise, of any library. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
