import { setImmediate } from 'node:timers/promises';

const ATTEMPTS = 10;
const AT_REST = 0.001;

/** Bytes of heap in use after forced collections, once another one frees nothing more. Needs `--expose-gc`. */
export async function heapInUse(): Promise<number> {
  let before = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await setImmediate();
    globalThis.gc!();
    const { heapUsed } = process.memoryUsage();
    if (before - heapUsed < heapUsed * AT_REST) return heapUsed;
    before = heapUsed;
  }
  return before;
}
