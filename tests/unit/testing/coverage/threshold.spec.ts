import { expect, test } from 'vitest';
import { emptyCoverage } from '../../../../src/testing/coverage/coverage.js';
import { coverageShortfalls } from '../../../../src/testing/coverage/threshold.js';
import { coverageTotals } from '../../../../src/testing/coverage/totals.js';
import { sampleCoverage } from './sample.js';

const shortOfHandlers =
  'Contract coverage is too low: 3 of 4 handlers (75 %), required are 76 %. Missing: ChatGateway "shout"';
const shortOfAcks = 'Contract coverage is too low: 1 of 2 acks (50 %), required are 76 %. Missing: ChatGateway "leave"';
const shortOfEvents =
  'Contract coverage is too low: 1 of 2 events (50 %), required are 76 %. Missing: ChatGateway "shouted"';

test.each([
  ['all kinds alike', 76, [shortOfHandlers, shortOfAcks, shortOfEvents]],
  ['all kinds, just reached', 50, []],
  ['one kind', { handlers: 76 }, [shortOfHandlers]],
  ['one kind, just reached', { handlers: 75 }, []],
  ['each kind for itself', { handlers: 75, acks: 76, events: 50 }, [shortOfAcks]],
  ['nothing', {}, []],
])('coverageShortfalls() names what is missing with a threshold for %s', (_what, threshold, shortfalls) => {
  expect(coverageShortfalls(sampleCoverage(), threshold)).toEqual(shortfalls);
});

test('an empty coverage meets every threshold', () => {
  expect(coverageShortfalls(emptyCoverage(), 100)).toEqual([]);
});

test('a percentage is shown rounded down, and compared unrounded', () => {
  const events = ['a', 'b', 'c'].map((event) => ({ event, delivered: event === 'a' ? 0 : 1 }));
  const gateways = [{ name: 'Gateway', namespace: '/', handlers: [], events }];
  const coverage = sampleCoverage({ gateways });
  expect(coverageTotals(coverage).events).toEqual({ covered: 2, declared: 3, percent: 66 });
  expect(coverageShortfalls(coverage, 66.6)).toEqual([]);
  expect(coverageShortfalls(coverage, 66.7)).toHaveLength(1);
});

test('a handler without acks in its code counts among the acks when it gave one', () => {
  const handler = { event: 'a', method: 'a', received: 1, answers: false, asked: 1, acked: 1, failed: 0 };
  const gateways = [{ name: 'Gateway', namespace: '/', handlers: [handler], events: [] }];
  expect(coverageTotals(sampleCoverage({ gateways })).acks).toEqual({
    covered: 1,
    declared: 1,
    percent: 100,
  });
});

test.each([[101], [-1], [Number.NaN], ['80'], [null], [{ handler: 100 }], [{ handlers: '100' }], [[80]]])(
  'coverageShortfalls() rejects the threshold %j',
  (threshold) => {
    expect(() => coverageShortfalls(sampleCoverage(), threshold as never)).toThrow(
      /^The threshold of the contract coverage is a number from 0 to 100, or one for each of handlers, acks, events: \{ handlers: 100, events: 80 \}\. It got /,
    );
  },
);
