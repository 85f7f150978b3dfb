import { expect, test } from 'vitest';
import { planOf } from '../../../../src/testing/workload/plan.js';

test('the same seed gives the same steps', () => expect(planOf(7, 100, 5)).toEqual(planOf(7, 100, 5)));

test('another seed gives other steps', () => expect(planOf(7, 100, 5)).not.toEqual(planOf(8, 100, 5)));

test('a long workload has every action, every client and choices within their bounds', () => {
  const plan = planOf(7, 2_000, 5);
  expect(new Set(plan.map(({ action }) => action))).toEqual(new Set(['say', 'join', 'leave', 'lose', 'disconnect']));
  expect(new Set(plan.map(({ client }) => client))).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(plan.filter(({ room, messages }) => room < 0 || room >= 1 || messages < 1)).toEqual([]);
});
