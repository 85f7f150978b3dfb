import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { atMostOnce } from '../../../../src/testing/history/guarantees/at-most-once.js';
import { everyMember } from '../../../../src/testing/history/guarantees/every-member.js';
import { onlyMembers } from '../../../../src/testing/history/guarantees/only-members.js';
import { orderPerSender } from '../../../../src/testing/history/guarantees/order-per-sender.js';
import { wholeRecovery } from '../../../../src/testing/history/guarantees/whole-recovery.js';
import { readHistory } from '../../../../src/testing/history/recorded.js';
import { broken, plant, type Fault } from './plant.js';
import { placed, RightSystem, type LooseEntry } from './right-system.js';

const guarantees = [atMostOnce(), orderPerSender(), onlyMembers(), everyMember(), wholeRecovery()];

/** By `WORLDS=whole` ten times as many. */
const times = process.env['WORLDS'] === 'whole' ? 10 : 1;

const number = fc.nat(60_000);
const histories = fc
  .record({
    options: fc.record({ nodes: fc.constantFrom(1, 3), recovery: fc.boolean(), asksAck: fc.boolean() }),
    choices: fc.array(fc.tuple(number, number, number), { minLength: 100, maxLength: 600, size: 'max' }),
  })
  .map(({ options, choices }) => new RightSystem(options).run(choices));

function brokenIn(entries: readonly LooseEntry[]): string[] {
  const history = readHistory(placed(entries));
  return guarantees.filter((guarantee) => guarantee.violationIn(history)).map(({ name }) => name);
}

test('no guarantee is broken in 500 right histories', () => {
  fc.assert(
    fc.property(histories, (entries) => {
      expect(brokenIn(entries)).toEqual([]);
    }),
    { numRuns: 500 * times },
  );
});

test.each(Object.entries(broken) as [Fault, string][])(
  'a message that is planted as %s breaks %s in each of 50 histories',
  (fault, name) => {
    fc.assert(
      fc.property(histories, number, (entries, choice) => {
        const faulty = plant(fault, entries, choice);
        fc.pre(faulty !== undefined);
        expect(brokenIn(faulty)).toContain(name);
      }),
      { numRuns: 50 * times, maxSkipsPerRun: 1_000 },
    );
  },
);
