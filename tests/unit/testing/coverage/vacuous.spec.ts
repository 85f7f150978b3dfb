import { expect, test } from 'vitest';
import { showVacuous, vacuousNegatives } from '../../../../src/testing/coverage/vacuous.js';
import { sampleCoverage } from './sample.js';

test.each([
  ['that was emitted somewhere', 'said', []],
  ['that is misspelt', 'siad', ['event "siad": no app emitted it. Was "said" meant?']],
  [
    "that a gateway's code names",
    'shouted',
    ['event "shouted": no app emitted it, though a gateway\'s code names it.'],
  ],
  ['that resembles no other', 'whispered', ['event "whispered": no app emitted it.']],
])('vacuousNegatives() recognises an event %s', (_what, event, told) => {
  const denied = { events: [event], rooms: [] };
  const coverage = sampleCoverage({ denied, seen: { events: ['said'], rooms: [] } });
  expect(vacuousNegatives(coverage).map(showVacuous)).toEqual(told);
});

test.each([
  ['that somebody was in', 'lobby', []],
  ['that is misspelt', 'loby', ['room "loby": nobody was in it. Was "lobby" meant?']],
])('vacuousNegatives() recognises a room %s', (_what, room, told) => {
  const denied = { events: [], rooms: [room] };
  const coverage = sampleCoverage({ denied, seen: { events: [], rooms: ['lobby'] } });
  expect(vacuousNegatives(coverage).map(showVacuous)).toEqual(told);
});
