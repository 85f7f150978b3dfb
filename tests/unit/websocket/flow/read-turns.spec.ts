import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ConnectionFlow } from '../../../../src/websocket/flow/connection-flow.js';
import { ReadTurns } from '../../../../src/websocket/flow/read-turns.js';

/** Connections that hold messages without end; each serving of one is noted by its number. */
function floodBy(count: number): { served: number[]; turns: ReadTurns } {
  const turns = new ReadTurns();
  const served: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const flow = {
      turn: 0,
      admittedInTurn: 0,
      deliver(most: number): number {
        served.push(number);
        if (served.length < 10 * count) turns.enqueue(flow as unknown as ConnectionFlow);
        return most;
      },
    };
    turns.enqueue(flow as unknown as ConnectionFlow);
  }
  return { served, turns };
}

test.each([1, 30, 45, 100, 1_000, 5_000])('%d connections that hold messages are served round-robin', async (count) => {
  const { served } = floodBy(count);
  while (served.length < 10 * count) await setImmediate();
  const all = Array.from({ length: count }, (_, number) => number);
  for (let round = 0; round < 10; round += 1) expect(served.slice(round * count, (round + 1) * count)).toEqual(all);
});

test('a connection that has just sent a message gets a turn beside a flood', async () => {
  const { turns } = floodBy(1_000);
  await setImmediate();
  expect(turns.admits({ turn: 0, admittedInTurn: 0 } as ConnectionFlow)).toBe(true);
});
