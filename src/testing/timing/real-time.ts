import timersPromises from 'node:timers/promises';

/* The clock before any test faked it: a harness that waits on a faked clock waits for ever. */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, queueMicrotask } = globalThis;
export const now = performance.now.bind(performance);

/**
 * `nextTurn` resolves in the next turn of the event loop, after every `nextTick` and promise callback that is due by
 * then. `pause` resolves after this many milliseconds.
 */
export const { setImmediate: nextTurn, setTimeout: pause } = timersPromises;
