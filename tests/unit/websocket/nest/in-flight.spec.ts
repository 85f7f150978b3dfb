import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InFlight } from '../../../../src/websocket/nest/in-flight.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;

test('a handler whose client has gone is in flight for a minute at least, and for two at most', () => {
  const inFlight = new InFlight();
  const socket = { connected: true };
  const stays = inFlight.begin({ what: 'handler of "ask"', client: 'bob', socket: { connected: true } });
  const hook = inFlight.begin({ what: 'handleDisconnect', client: 'alice' });
  inFlight.begin({ what: 'handler of "ask"', client: 'alice', socket });
  vi.advanceTimersByTime(10 * MINUTE - 1);
  expect(inFlight.work).toHaveLength(3);
  socket.connected = false;
  vi.advanceTimersByTime(MINUTE);
  expect(inFlight.work).toHaveLength(3);
  vi.advanceTimersByTime(MINUTE);
  expect(inFlight.work).toEqual([stays, hook]);
});

test('nothing is looked for while nothing is in flight', () => {
  const inFlight = new InFlight();
  inFlight.end(inFlight.begin({ what: 'handler of "ask"', client: 'alice', socket: { connected: true } }));
  vi.advanceTimersByTime(MINUTE);
  expect(vi.getTimerCount()).toBe(0);
});
