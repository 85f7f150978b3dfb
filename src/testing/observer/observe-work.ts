import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { createHook, executionAsyncResource, type AsyncHook, type HookCallbacks } from 'node:async_hooks';
import { showCause } from '../report/format.js';
import type { Activity } from '../settle/activity.js';
import { queueMicrotask, setImmediate } from '../timing/real-time.js';
import { executionContext } from '../model/execution-context.js';

/** What Node creates for `setTimeout`, `setInterval` and `setImmediate`, including those of `timers/promises`. */
interface Timer {
  hasRef(): boolean;
  /** In milliseconds; private to Node, and absent for an immediate. */
  readonly _idleTimeout?: number;
  /** The same for an interval; private to Node. */
  readonly _repeat?: number | null;
}

/** What Node creates for zlib, which calls back for each piece, and for crypto. Both are private to Node. */
interface Job {
  /** Only for zlib: the data that is being processed. */
  readonly buffer?: unknown;
  /** Only for crypto: the callback at the end; absent for a synchronous call. */
  readonly ondone?: unknown;
}

/** A stream, because an unanswered request may be a long poll. */
const HTTP_REQUEST = 'an HTTP request';
const CRYPTO = 'crypto';

/** The types of Node's asynchronous resources that end by themselves, with a name for readers. */
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

/** Caches the kind of each type, because nearly every resource is a promise. */
const kinds = new Map<string, string | undefined>();

/** The immediates with which the observers themselves keep the event loop turning. */
const nudges = new WeakSet<object>();

/**
 * Records what clients, HTTP requests and jobs start in an app, even if nobody awaits it. It is in flight until it has
 * called back or was cleared: immediates, files, DNS, opening connections, HTTP requests until their response, zlib,
 * crypto, child processes, worker threads until their first message, and timers, which `settle` skips by default.
 *
 * Work that its own code takes off the event loop at once, by `unref()` or `{ ref: false }`, is not recorded: this
 * declares that nobody waits for it.
 *
 * @param app the object that identifies the app, see `executionContext`
 * @returns the function that stops observing
 */
export function observeWork(app: object, activity: Activity): () => void {
  const inFlight = new Map<number, () => void>();
  // Node reports ended work when the event loop turns, and an idle loop would sleep. The nudge has no cause, so it is
  // not recorded as work.
  const nudge = (): unknown => executionContext.run({ app }, () => nudges.add(setImmediate(() => {})));
  const begin = (what: string, options?: { stream?: boolean; timer?: boolean }): (() => void) | undefined => {
    const running = executionContext.getStore();
    if (running?.app !== app || !running.cause || isBegunByTransport()) return undefined;
    return activity.begin(`${what}, begun by ${showCause(running.cause)}`, options);
  };
  const end = (id: number): void => {
    inFlight.get(id)?.();
    // Observing every end is expensive, so it is on only while something is in flight.
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

/** `trackPromises`, if Node supports it, avoids the cost of the hook for promises. Node's types lack the option. */
function hookOf(callbacks: HookCallbacks): AsyncHook {
  return createHook({ ...callbacks, trackPromises: false } as HookCallbacks);
}

function kindOf(type: string): string | undefined {
  if (!kinds.has(type)) kinds.set(type, KINDS.find(([types]) => types.test(type))?.[1]);
  return kinds.get(type);
}

/** Whether a new resource does nothing, or nothing to wait for. */
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

/** Packages that carry events. Their timers guard connections and requests; no work of the app waits for them. */
const TRANSPORTS =
  /[\\/]node_modules[\\/](?:engine\.io(?:-client)?|ws|socket\.io-adapter|@socket\.io|redis|@redis|ioredis)[\\/]/;

/**
 * Whether the transport starts the current work: Engine.IO, ws, a Socket.IO adapter or a Redis client. Timers of
 * Socket.IO itself count as the app's: `socket.timeout()` creates them, and the app's code continues with them.
 */
function isBegunByTransport(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = stackTraceLimit;
  // The stack has the observer's frames first, then Node's own, then the caller of setTimeout.
  const frames = stack.split('\n');
  const lastOfNode = frames.findIndex((frame, index) => isOfNode(frame) && !isOfNode(frames[index + 1] ?? ''));
  return TRANSPORTS.test(frames[lastOfNode + 1] ?? '');
}

function isOfNode(frame: string): boolean {
  return /[( ]node:/.test(frame);
}

/** Records work in flight. @returns the function that ends it, or nothing if the work must not be waited for */
type Begin = (what: string, options?: { stream?: boolean }) => (() => void) | undefined;

/** `_handle` is private to Node. */
type Process = ChildProcess & { readonly _handle?: { hasRef(): boolean } | null };

/** A request of undici, which implements Node's `fetch`. */
interface FetchRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
}

/**
 * Records the work that Node publishes on its diagnostics channels: child processes until they close, worker threads
 * until their first message, and `fetch` until its response. Each may stay open on purpose.
 *
 * @returns the function that stops observing
 */
function observeChannels(begin: Begin): () => void {
  const fetches = new WeakMap<object, () => void>();
  const onAnswer = ({ request }: { request: FetchRequest }): void => fetches.get(request)?.();
  const listeners = Object.entries({
    child_process: ({ process }: { process: Process }): void => {
      const end = begin('a child process', { stream: true });
      if (!end) return;
      process.once('close', end);
      queueMicrotask(() => {
        // A process that could not start never closes. One off the event loop declares that nobody waits for it.
        if (!process._handle?.hasRef()) end();
      });
    },
    worker_threads: ({ worker }: { worker: Worker }): void => {
      const end = begin('a worker thread', { stream: true });
      if (end) worker.once('message', end).once('exit', end);
    },
    'undici:request:create': ({ request }: { request: FetchRequest }): void => {
      const { method, origin, path } = request;
      const end = begin(`fetch of ${method} ${origin}${path.replace(/\?.*/s, '')}`, { stream: true });
      if (end) fetches.set(request, end);
    },
    'undici:request:headers': onAnswer,
    'undici:request:error': onAnswer,
  }) as [string, (message: unknown) => void][];
  for (const [channel, listener] of listeners) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of listeners) unsubscribe(channel, listener);
  };
}
