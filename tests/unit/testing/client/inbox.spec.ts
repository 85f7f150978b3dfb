import { expect, test, vi } from 'vitest';
import { Inbox } from '../../../../src/testing/client/inbox.js';
import { payloadOf } from '../../../../src/testing/model/received-event.js';

function inboxWith(...events: [event: string, ...args: unknown[]][]): Inbox {
  const inbox = new Inbox(() => {});
  for (const [event, ...args] of events) inbox.put({ event, args, at: 0 });
  return inbox;
}

test('an inbox keeps events in order, and reports each one', () => {
  const onChange = vi.fn();
  const inbox = new Inbox(onChange);
  inbox.put({ event: 'a', args: [1], at: 3 });
  inbox.put({ event: 'b', args: [], at: 4 });
  expect(inbox.events).toEqual([
    { event: 'a', args: [1], at: 3 },
    { event: 'b', args: [], at: 4 },
  ]);
  expect(onChange).toHaveBeenCalledTimes(2);
});

test('an inbox gives each event to one taker, the oldest match first', () => {
  const inbox = inboxWith(['a', 1], ['b', 2], ['a', 3]);
  const isA = ({ event }: { event: string }): boolean => event === 'a';
  expect(inbox.take(isA)?.args).toEqual([1]);
  expect(inbox.take(isA)?.args).toEqual([3]);
  expect(inbox.take(isA)).toBeUndefined();
  expect(inbox.unread.map(({ event }) => event)).toEqual(['b']);
  expect(inbox.events).toHaveLength(3);
});

test('an inbox tells two equal events apart', () => {
  const inbox = inboxWith(['a', 1], ['a', 1]);
  inbox.take(() => true);
  expect(inbox.unread).toHaveLength(1);
});

test('an inbox finds an event without taking it', () => {
  const inbox = inboxWith(['a', 1]);
  expect(inbox.find(() => true)?.event).toBe('a');
  expect(inbox.unread).toHaveLength(1);
});

test('the payload of an event does not include its ack function', () => {
  expect(payloadOf({ event: 'ask', args: ['why', () => {}], at: 0 })).toEqual(['why']);
  expect(payloadOf({ event: 'say', args: ['hi'], at: 0 })).toEqual(['hi']);
  expect(payloadOf({ event: 'ping', args: [], at: 0 })).toEqual([]);
});
