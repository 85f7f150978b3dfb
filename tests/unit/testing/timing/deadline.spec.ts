import { expect, test } from 'vitest';
import { EXPIRED, withTimeout } from '../../../../src/testing/timing/deadline.js';

async function afterSteps(steps: number): Promise<string> {
  for (let step = 0; step < steps; step += 1) await Promise.resolve();
  return 'there';
}

test('withTimeout() returns a value that is there already, even when no time is left', async () => {
  expect(await withTimeout(afterSteps(20), -1)).toBe('there');
});

test('withTimeout() returns EXPIRED when the value does not come in time', async () => {
  expect(await withTimeout(new Promise(() => {}), 10)).toBe(EXPIRED);
});
