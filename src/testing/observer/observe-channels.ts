import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';
import { queueMicrotask } from '../timing/real-time.js';

/** Notes work of whoever runs. @returns what ends it; nothing where nobody is to wait for it */
type Begin = (what: string, options?: { stream?: boolean }) => (() => void) | undefined;

/** Its handle is private to Node. */
type Process = ChildProcess & { readonly _handle?: { hasRef(): boolean } | null };

/** Of undici, by which Node fetches. */
interface FetchRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
}

/**
 * Notes what Node tells of by its diagnostics channels: child processes until they are closed, worker threads until
 * their first message, and `fetch` until it is answered. Each may be meant to stay open.
 *
 * @returns the function that ends it
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
        // One that could not be started is never closed; one that is off the event loop says that nobody waits for it.
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
