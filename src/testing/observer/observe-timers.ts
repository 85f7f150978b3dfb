import { AsyncResource, createHook, executionAsyncResource } from 'node:async_hooks';
import { showCause } from '../show.js';
import type { Activity } from '../settle/activity.js';
import { queueMicrotask, setImmediate } from '../settle/real-time.js';
import { executionContext } from './execution-context.js';
import { isBegunByTransport } from './timer-origin.js';

/** What Node makes for `setTimeout`, `setInterval` and `setImmediate`, those of `timers/promises` too. */
interface Timer {
  hasRef(): boolean;
  /** In milliseconds; private to Node, and absent of an immediate. */
  readonly _idleTimeout?: number;
  /** Of an interval, the same; private to Node. */
  readonly _repeat?: number | null;
}

/** The immediates by which the observers themselves keep the event loop turning. */
const nudges = new WeakSet<object>();

/**
 * Notes the timers and immediates that clients set off in an app as work in flight, from their beginning until they
 * have fired or were cleared.
 *
 * A timer that the code which begins it takes off the event loop at once, by `unref()` or `{ ref: false }`, is not noted:
 * it says of itself that nobody is to wait for it.
 *
 * @param app the identity under which its code runs, see `executionContext`
 * @returns the function that ends it
 */
export function observeTimers(app: object, activity: Activity): () => void {
  const inFlight = new Map<number, () => void>();
  // Which timers have ended Node tells when the event loop comes round; one with nothing to do would sleep. Bound to
  // where no client is the cause, so that it is nobody's timer.
  const nudge = AsyncResource.bind(() => nudges.add(setImmediate(() => {})));
  const end = (id: number): void => {
    inFlight.get(id)?.();
    inFlight.delete(id);
  };
  const hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (!isTimer(type)) return;
      const running = executionContext.getStore();
      if (running?.app !== app || !running.cause || isBegunByTransport()) return;
      const timer = resource as Timer;
      const what = `${kindOf(type, timer)}, begun by ${showCause(running.cause)}`;
      inFlight.set(id, activity.begin(what, { timer: true }));
      queueMicrotask(() => {
        if (!timer.hasRef()) end(id);
      });
    },
    after: () => {
      if (inFlight.size === 0) return;
      const resource = executionAsyncResource();
      if (isTimer(resource.constructor?.name) && !nudges.has(resource)) nudge();
    },
    destroy: end,
  });
  activity.knowsTimers = true;
  hook.enable();
  return () => {
    hook.disable();
    for (const id of inFlight.keys()) end(id);
  };
}

function isTimer(type: string | undefined): type is 'Timeout' | 'Immediate' {
  return type === 'Timeout' || type === 'Immediate';
}

function kindOf(type: 'Timeout' | 'Immediate', { _idleTimeout: time, _repeat: repeat }: Timer): string {
  if (type === 'Immediate') return 'setImmediate';
  return `${typeof repeat === 'number' ? 'setInterval' : 'setTimeout'} of ${time} ms`;
}
