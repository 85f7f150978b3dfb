/* The clock before any test faked it: a harness that waits on a faked clock waits for ever. */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, queueMicrotask } = globalThis;
export const now = performance.now.bind(performance);

/** Resolves in the next turn of the event loop, after every `nextTick` and promise callback that is due by then. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves after this many milliseconds. */
export function pause(time: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, time);
  });
}
