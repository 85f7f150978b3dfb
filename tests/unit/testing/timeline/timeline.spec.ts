import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Timeline } from '../../../../src/testing/timeline/timeline.js';

/** What is on the heap when all that can be collected is, in bytes. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('a million entries use no more memory than the entries that are kept', { timeout: 30_000 }, () => {
  const timeline = new Timeline(1_000);
  const record = timeline.recorder();
  const bulk = 'x'.repeat(1_000_000);
  const before = heapUsed();
  for (let number = 0; number < 1_000_000; number += 1) {
    record({
      kind: 'sent',
      client: 'alice',
      namespace: '/',
      event: 'say',
      args: [number, bulk],
      asksAck: false,
    });
  }
  expect(heapUsed() - before).toBeLessThan(20_000_000);
  expect(timeline.entries).toHaveLength(1_000);
  expect(timeline.dropped).toBe(999_000);
  expect(timeline.entries.at(-1)).toMatchObject({ seq: 1_000_000, args: [999_999, expect.any(String)] });
  // A large text is kept as its beginning and its size.
  expect(JSON.stringify(timeline).length).toBeLessThan(400_000);
});

test('the times of entries never decrease', () => {
  const timeline = new Timeline();
  const record = timeline.recorder();
  for (let number = 0; number < 1_000; number += 1) record({ kind: 'acted', what: String(number) });
  const times = timeline.entries.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});

test('a large buffer is kept as a note of its size', () => {
  const timeline = new Timeline();
  timeline.recorder()({
    kind: 'sent',
    client: 'a',
    namespace: '/',
    event: 'e',
    args: [Buffer.alloc(1e6)],
    asksAck: false,
  });
  expect(timeline.entries[0]).toMatchObject({ args: ['Buffer of 1000000 bytes'] });
});

test('an entry of a cluster shows its node', () => {
  const timeline = new Timeline();
  timeline.recorder(1)({ kind: 'acted', what: 'the app listens' });
  expect(timeline.print()).toMatch(/^ +\d\.\d ms {2}node 1 {2}· the app listens$/);
});
