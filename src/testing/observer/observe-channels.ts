import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { queueMicrotask } from '../timing/real-time.js';

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
export function observeChannels(begin: Begin): () => void {
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
