import { createHook, executionAsyncResource, type AsyncHook, type HookCallbacks } from 'node:async_hooks';
import { showCause } from '../report/format.js';
import type { Activity } from '../settle/activity.js';
import { queueMicrotask, setImmediate } from '../timing/real-time.js';
import { isBegunByTransport } from './begun-by-transport.js';
import { executionContext } from '../model/execution-context.js';
import { observeChannels } from './observe-channels.js';

/** What Node makes for `setTimeout`, `setInterval` and `setImmediate`, those of `timers/promises` too. */
interface Timer {
  hasRef(): boolean;
  /** In milliseconds; private to Node, and absent of an immediate. */
  readonly _idleTimeout?: number;
  /** Of an interval, the same; private to Node. */
  readonly _repeat?: number | null;
}

/** What Node makes for zlib, which calls back for each piece, and for crypto; both are private to it. */
interface Job {
  /** Of zlib, what is being worked on. */
  readonly buffer?: unknown;
  /** Of crypto, what is called at the end; absent of what is done at once. */
  readonly ondone?: unknown;
}

/** One that is not answered may be a long poll. */
const HTTP_REQUEST = 'an HTTP request';
const CRYPTO = 'crypto';

/** What Node does and ends by itself, as readers know it, by the types of its asynchronous resources. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^Immediate$/, 'setImmediate'],
  [/^Timeout$/, 'a timer'],
  [/^(?:FSREQ|FILEHANDLECLOSEREQ)/, 'a file operation'],
  [/^(?:GETADDRINFOREQWRAP|GETNAMEINFOREQWRAP|QUERYWRAP)$/, 'a DNS query'],
  [/^(?:TCP|PIPE)CONNECTWRAP$/, 'opening a connection'],
  [/^HTTPCLIENTREQUEST$/, HTTP_REQUEST],
  [/^ZLIB$/, 'zlib'],
  [/REQUEST$/, CRYPTO],
];

/** What was found for each type; nearly all that is made is a promise. */
const kinds = new Map<string, string | undefined>();

/** The immediates by which the observers themselves keep the event loop turning. */
const nudges = new WeakSet<object>();

/**
 * Notes what clients set off in an app and nobody awaits as work in flight, from its beginning until it has called back
 * or was cleared: immediates, files, DNS, connections that are opened, HTTP requests up to their answer, zlib, crypto,
 * child processes, worker threads up to their first message, and timers, which `settle` passes over unless it is told.
 *
 * What the code which begins it takes off the event loop at once, by `unref()` or `{ ref: false }`, is not noted: it says
 * of itself that nobody is to wait for it.
 *
 * @param app the identity under which its code runs, see `executionContext`
 * @returns the function that ends it
 */
export function observeWork(app: object, activity: Activity): () => void {
  const inFlight = new Map<number, () => void>();
  // What has ended Node tells when the event loop comes round; one with nothing to do would sleep. Where there is no cause,
  // it is nobody's work.
  const nudge = (): unknown => executionContext.run({ app }, () => nudges.add(setImmediate(() => {})));
  const begin = (what: string, options?: { stream?: boolean; timer?: boolean }): (() => void) | undefined => {
    const running = executionContext.getStore();
    if (running?.app !== app || !running.cause || isBegunByTransport()) return undefined;
    return activity.begin(`${what}, begun by ${showCause(running.cause)}`, options);
  };
  const end = (id: number): void => {
    inFlight.get(id)?.();
    // To be told of every end costs; as long as nothing is in flight, nobody has to be.
    if (inFlight.delete(id) && inFlight.size === 0) ends.disable();
  };
  const beginnings = hookOf({
    init: (id, type, _trigger, resource) => {
      const kind = kindOf(type);
      if (!kind) return;
      const isTimeout = type === 'Timeout';
      const what = isTimeout ? showTimer(resource as Timer) : kind;
      const ended = begin(what, { timer: isTimeout, stream: kind === HTTP_REQUEST });
      if (!ended) return;
      if (inFlight.size === 0) ends.enable();
      inFlight.set(id, ended);
      queueMicrotask(() => {
        if (isIdle(type, resource)) end(id);
      });
    },
  });
  const ends = hookOf({
    after: (id) => {
      const resource = executionAsyncResource();
      if (isTimer(resource.constructor?.name)) {
        if (!nudges.has(resource)) nudge();
      } else if (!(resource as Job).buffer) end(id);
    },
    destroy: end,
  });
  const forgetChannels = observeChannels(begin);
  beginnings.enable();
  return () => {
    beginnings.disable();
    forgetChannels();
    for (const id of inFlight.keys()) end(id);
  };
}

/** Where Node knows the option, which is not in its types yet, promises cost no more than without the hook. */
function hookOf(callbacks: HookCallbacks): AsyncHook {
  return createHook({ ...callbacks, trackPromises: false } as HookCallbacks);
}

function kindOf(type: string): string | undefined {
  if (!kinds.has(type)) kinds.set(type, KINDS.find(([types]) => types.test(type))?.[1]);
  return kinds.get(type);
}

/** Whether what was just made does nothing, or nothing that anybody is to wait for. */
function isIdle(type: string, resource: object): boolean {
  if (isTimer(type)) return !(resource as Timer).hasRef();
  const { buffer, ondone } = resource as Job;
  if (type === 'ZLIB') return !buffer;
  return kindOf(type) === CRYPTO && !ondone;
}

function isTimer(type: string | undefined): boolean {
  return type === 'Timeout' || type === 'Immediate';
}

function showTimer({ _idleTimeout: time, _repeat: repeat }: Timer): string {
  return `${typeof repeat === 'number' ? 'setInterval' : 'setTimeout'} of ${time} ms`;
}
