import { Worker } from 'node:worker_threads';

/** Keeps the core busy that the test does not use. */
export function burn(): AsyncDisposable {
  const worker = new Worker('for (;;);', { eval: true });
  return { [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}
