import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InFlight } from '../../../../src/websocket/nest/in-flight.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;

test('a handler stays in flight for one to two minutes after its client has left', () => {
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

test('no timer runs while nothing is in flight', () => {
  const inFlight = new InFlight();
  inFlight.end(inFlight.begin({ what: 'handler of "ask"', client: 'alice', socket: { connected: true } }));
  vi.advanceTimersByTime(MINUTE);
  expect(vi.getTimerCount()).toBe(0);
});
