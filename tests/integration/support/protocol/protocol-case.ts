import { test } from 'vitest';

/** How often each case is run: a race does not show every time. */
const RUNS = 10;

/** In milliseconds: the runs share a machine that may be busy. */
const TIMEOUT = 20_000;

/** A case of a protocol's suite. Its runs are side by side. */
export function protocolCase(name: string, run: () => Promise<void>): void {
  // oxlint-disable-next-line vitest/valid-title -- it is the caller's
  test(name, { timeout: TIMEOUT }, async () => {
    const runs = await Promise.allSettled(Array.from({ length: RUNS }, run));
    const failed = runs.find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  });
}
