import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { asSeen } from './failure.js';
import { PARTS, type Observation } from './observation.js';
import type { Differs } from './scenario.js';

/** Fails on each difference that the scenario does not tell of, and on each that it tells of and is not there. */
export function compare(plain: Observation, kit: Observation, differs: Differs | undefined): void {
  const told = PARTS.filter((part) => differs?.[part]);
  const same = PARTS.filter((part) => !told.includes(part));
  expect.soft(only(kit, same), 'the kit is to be as plain Nest').toStrictEqual(only(plain, same));
  if (!differs) return;
  expect.soft(differs.rows, 'a difference has a row in the table').not.toEqual([]);
  expect.soft(told, 'a row is for a difference').not.toEqual([]);
  expect.soft(only(kit, told), 'what the kit comes to').toStrictEqual(only(differs, told, asSeen));
  const equal = told.filter((part) => isDeepStrictEqual(plain[part], kit[part]));
  expect.soft(equal, 'told to be different, and is not').toEqual([]);
}

function only(
  observation: Partial<Observation>,
  parts: readonly (keyof Observation)[],
  change = (facts: Observation[keyof Observation]): Observation[keyof Observation] => facts,
): Partial<Observation> {
  return Object.fromEntries(parts.map((part) => [part, change(observation[part] ?? [])]));
}
