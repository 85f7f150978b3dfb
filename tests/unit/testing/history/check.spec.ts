import { expect, test } from 'vitest';
import { checkHistory } from '../../../../src/testing/history/check.js';
import type { Guarantee } from '../../../../src/testing/history/guarantee.js';
import { atMostOnce } from '../../../../src/testing/history/guarantees/at-most-once.js';
import { onlyMembers } from '../../../../src/testing/history/guarantees/only-members.js';
import { orderPerSender } from '../../../../src/testing/history/guarantees/order-per-sender.js';
import { wholeRecovery } from '../../../../src/testing/history/guarantees/whole-recovery.js';
import { HistoryError } from '../../../../src/testing/report/errors.js';
import { inTheLobby } from './write-history.js';

function failureOf(check: () => unknown): HistoryError {
  try {
    check();
  } catch (error) {
    return error as HistoryError;
  }
  throw new Error('The check was to fail.');
}

test('a failed check names the guarantee and shows the entries that contradict it', () => {
  const w = inTheLobby('alice', 'bob', 'carol');
  w.say('alice', 'alice#1');
  w.hear('bob', 'alice#1');
  w.disconnect('bob');
  w.say('alice', 'alice#2');
  w.hear('carol', 'alice#2');
  w.connect('bob', true);
  w.say('alice', 'alice#3');
  w.hear('bob', 'alice#3');
  w.hear('carol', 'alice#3');
  w.settle();
  w.disconnect('bob');
  const error = failureOf(() => checkHistory(w.entries, [atMostOnce(), wholeRecovery()], [7]));
  expect(error).toBeInstanceOf(HistoryError);
  expect(error.guarantees).toEqual(['wholeRecovery']);
  expect(error.message).toBe(
    `wholeRecovery does not hold: bob recovered its connection, but did not get 'alice#2'.
  history:
    … 5 entries before, left out
         5.0 ms  bob ← ack of joining 'lobby'
    … 4 entries in between, left out
        10.0 ms  bob ← 'alice#1'
        11.0 ms  bob disconnected: transport close
        12.0 ms  alice → says 'alice#2' in 'lobby'
        13.0 ms  carol ← 'alice#2'
        14.0 ms  bob connected again, recovered
    … 1 entry in between, left out
        16.0 ms  bob ← 'alice#3'
    … 1 entry in between, left out
        18.0 ms  nothing is in flight
    … 1 entry after, left out
  seed of the workload: 7`,
  );
});

test('a failed check shows what the receiver got around the contradiction, and the other guarantees', () => {
  const w = inTheLobby('alice', 'bob');
  w.connect('dave');
  for (const message of ['alice#1', 'alice#2', 'alice#3']) w.say('alice', message);
  for (const message of ['alice#2', 'alice#1', 'alice#3']) w.hear('bob', message);
  w.hear('dave', 'alice#3');
  const error = failureOf(() => checkHistory(w.entries, [orderPerSender(), onlyMembers()]));
  expect(error.guarantees).toEqual(['orderPerSender', 'onlyMembers']);
  expect(error.message).toBe(
    `orderPerSender does not hold: bob got 'alice#1' after 'alice#2', and alice had sent it before.
  history:
    … 7 entries before, left out
         7.0 ms  alice → says 'alice#1' in 'lobby'
         8.0 ms  alice → says 'alice#2' in 'lobby'
    … 1 entry in between, left out
        10.0 ms  bob ← 'alice#2'
        11.0 ms  bob ← 'alice#1'
        12.0 ms  bob ← 'alice#3'
    … 1 entry after, left out
  does not hold either:
    onlyMembers: dave got 'alice#3' of room 'lobby', which it had not joined since it connected`,
  );
});

test('a check that passes returns how much there was to check', () => {
  const w = inTheLobby('alice', 'bob');
  w.say('alice', 'alice#1');
  w.disconnect('bob');
  w.connect('bob', true);
  w.hear('bob', 'alice#1');
  const summary = { clients: 2, messages: 1, receipts: 1, disconnections: 1, recoveries: 1 };
  expect(checkHistory(w.entries, [atMostOnce()])).toEqual(summary);
});

test('a history in which nobody got a message fails the check', () => {
  const w = inTheLobby('alice', 'bob');
  w.say('alice', 'alice#1');
  expect(() => checkHistory(w.entries, [atMostOnce()])).toThrow(
    'The history has no message that a client got, so there is nothing to check.',
  );
});

test('a history in which every message that was heard is one that nobody said fails the check', () => {
  const w = inTheLobby('alice', 'bob');
  w.say('alice', 'hi');
  for (const heard of ['HI', 'HO', 'HI']) w.hear('bob', heard);
  expect(failureOf(() => checkHistory(w.entries, [atMostOnce()])).message).toBe(
    `Clients got 3 messages, and nobody had said any of them, so there is nothing to check.
  got, among others: 'HI'
  said, among others: 'hi'
  note: Let \`messageOf\` return the message as it was given to \`say\`.`,
  );
});

test('a message that nobody said is not counted', () => {
  const w = inTheLobby('alice', 'bob');
  w.say('alice', 'hi');
  w.hear('bob', 'hi');
  w.hear('bob', 'alice is here');
  expect(checkHistory(w.entries, [atMostOnce()])).toMatchObject({ messages: 1, receipts: 1 });
});

test("a guarantee of the test's own is checked like the others", () => {
  const polite: Guarantee = {
    name: 'polite',
    violationIn: ({ messages }) => {
      const rude = [...messages.values()].find(({ said }) => said.message.endsWith('!'));
      return rude && { sentence: `${rude.said.client} shouted`, entries: [rude.said] };
    },
  };
  const w = inTheLobby('alice', 'bob');
  w.say('alice', 'hey!');
  w.hear('bob', 'hey!');
  expect(() => checkHistory(w.entries, [polite])).toThrow('polite does not hold: alice shouted.');
});

test('an entry of a cluster shows its node', () => {
  const w = inTheLobby('alice');
  w.say('alice', 'm');
  const { entries } = w;
  const bob = { client: 'bob', namespace: '/', node: 1 };
  entries.push({ kind: 'connected', ...bob, recovered: false, seq: 4, at: 4 });
  for (const seq of [5, 6]) entries.push({ kind: 'heard', ...bob, message: 'm', seq, at: seq });
  expect(() => checkHistory(entries, [atMostOnce()])).toThrow("5.0 ms  node 1  bob ← 'm'");
});
