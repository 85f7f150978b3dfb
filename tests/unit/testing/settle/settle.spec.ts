import { expect, test } from 'vitest';
import { Activity } from '../../../../src/testing/settle/activity.js';
import { SettleTimeoutError } from '../../../../src/testing/report/errors.js';
import { settle, type Connection } from '../../../../src/testing/settle/settle.js';

/** A connection on which nothing happens but what the test makes happen when a fence passes. */
function connection(
  on: { toServer?: () => void; toClient?: () => void } = {},
  agrees = (): boolean => true,
): Connection {
  return {
    name: 'alice',
    faults: [],
    agrees,
    fenceToServer: async () => on.toServer?.(),
    fenceToClient: async () => on.toClient?.(),
  };
}

test('settle() ends after one round in which nothing moved', async () => {
  let fences = 0;
  const quiet = connection({ toServer: () => (fences += 1) });
  await settle({ activity: new Activity(), connections: () => [quiet] }, 100);
  expect(fences).toBe(1);
});

test('settle() repeats as long as something moved in the round', async () => {
  const activity = new Activity();
  let [rounds, moving] = [0, 3];
  const busy = connection({
    toServer: () => (rounds += 1),
    toClient: () => {
      if ((moving -= 1) > 0) activity.moved();
    },
  });
  await settle({ activity, connections: () => [busy] }, 100);
  expect(rounds).toBe(3);
});

test('settle() fences towards the server, waits for the work, then fences back', async () => {
  const activity = new Activity();
  const steps: string[] = [];
  let end: (() => void) | undefined;
  const observed = connection({
    toServer: () => {
      steps.push('to the server');
      if (end) return;
      end = activity.begin('handler');
      setImmediate(() => setImmediate(() => (steps.push('work done'), end!())));
    },
    toClient: () => void steps.push('to the client'),
  });
  const crossNodes = async (): Promise<void> => void steps.push('across');
  await settle({ activity, connections: () => [observed], crossNodes }, 500);
  const round = ['across', 'to the client'];
  expect(steps).toEqual(['to the server', 'work done', ...round, 'to the server', ...round]);
});

test('settle() tells which round was the one in which nothing moved', async () => {
  const activity = new Activity();
  let rounds = 0;
  let settled: number | undefined;
  const busy = connection({ toClient: () => rounds < 3 && activity.moved() });
  const onRound = (): (() => void) => {
    const round = (rounds += 1);
    return () => (settled = round);
  };
  await settle({ activity, connections: () => [busy], onRound }, 100);
  expect(settled).toBe(3);
});

test('settle() waits until both ends of each connection agree', async () => {
  const activity = new Activity();
  let agree = false;
  const closing = connection({}, () => agree);
  setTimeout(() => {
    agree = true;
    activity.moved();
  }, 20);
  await settle({ activity, connections: () => [closing] }, 500);
  expect(agree).toBe(true);
});

test('settle() asks for the connections again in each round', async () => {
  const activity = new Activity();
  const second = { fences: 0 };
  const connections = [
    connection({ toServer: () => connections.length < 2 && (connections.push(late), activity.moved()) }),
  ];
  const late = connection({ toServer: () => (second.fences += 1) });
  await settle({ activity, connections: () => connections }, 500);
  expect(second.fences).toBe(1);
});

test.each([
  [
    'work that does not end',
    (activity: Activity) => void activity.begin('handler of "say"', { client: 'bob' }),
    'still in flight:\n    handler of "say" for bob, running for',
  ],
  [
    'a stream',
    (activity: Activity) => void activity.begin('a stream', { stream: true }),
    'note: Streams that are meant to stay open',
  ],
])('settle() rejects at its deadline, and names %s', async (_what, start, text) => {
  const activity = new Activity();
  start(activity);
  const settling = settle({ activity, connections: () => [] }, 30);
  await expect(settling).rejects.toThrow(SettleTimeoutError);
  await expect(settling).rejects.toThrow(text);
});

test('settle() skips streams on request, and no other work', async () => {
  const activity = new Activity();
  activity.begin('a stream', { stream: true });
  await settle({ activity, connections: () => [] }, 30, { ignoreOpenStreams: true });
  activity.begin('a handler');
  await expect(settle({ activity, connections: () => [] }, 30, { ignoreOpenStreams: true })).rejects.toThrow(
    'a handler',
  );
});

test('settle() rejects when a fence never passes and the ends never agree', async () => {
  const stuck: Connection = { ...connection({}, () => false), fenceToServer: () => new Promise(() => {}) };
  await expect(settle({ activity: new Activity(), connections: () => [stuck] }, 200)).rejects.toThrow(
    'connected at one end only, about to reconnect, or with more to send:\n    alice\n  stalled: what clients sent has not reached the server',
  );
});

test('settle() rejects when packets keep coming', async () => {
  const activity = new Activity();
  const restless = connection({ toClient: () => activity.moved() });
  await expect(settle({ activity, connections: () => [restless] }, 30)).rejects.toThrow(
    'Nothing is in flight, but packets keep coming',
  );
});
