import type { Promises } from '../contract-case.js';

/** Of so many messages, a fault in one of a hundred spares all with a probability of less than one in a million. */
const MANY = 1_500;

/** Promises that a fault in one message of many breaks. */
export const many: Promises = {
  'many broadcasts arrive once each, in the order of their sender, and at nobody else': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const outsiders = await Promise.all(
      [0, 1, 2].map((node) => stage.connect(node, { name: `outsider of node ${node}` })),
    );
    for (const client of [alice, bob, carol]) await stage.join(client, 'room');
    for (const client of outsiders) await stage.join(client, 'other room');
    await stage.do(alice, 'broadcast', { event: 'numbered', rooms: ['room'], times: MANY });
    const all = numbered(MANY);
    await stage.expectReceived(
      'numbered',
      [alice, bob, carol].map((client) => [client, all] as const),
    );

    // At the same time, each under its own name.
    const senders = [alice, bob, carol].map((client, node) => [client, `numbered by node ${node}`] as const);
    const some = numbered(MANY / 10);
    await Promise.all(senders.map(([client, event]) => stage.do(client, 'broadcast', { event, times: some.length })));
    const everybody = [alice, bob, carol, ...outsiders];
    for (const [, event] of senders)
      await stage.expectReceived(
        event,
        everybody.map((client) => [client, some] as const),
      );
  },

  'of many rooms that clients have left, none reaches them any more': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const rooms = Array.from({ length: MANY }, (_, number) => `room ${number}`);
    await stage.do(alice, 'sockets join', { rooms: [bob.id], to: rooms });
    await stage.join(carol, ...rooms);
    const say = (event: string): Promise<true> => stage.do(alice, 'broadcast', { event, rooms });
    await say('said to members');
    await stage.expectOnce('said to members', [], bob, carol);
    await stage.do(alice, 'sockets leave', { rooms: [bob.id], from: rooms });
    await stage.do(carol, 'leave', rooms);
    await stage.cluster.settle();
    await say('said to nobody');
    await stage.expectReceived('said to nobody', []);
  },
};

function numbered(count: number): unknown[][] {
  return Array.from({ length: count }, (_, number) => [number]);
}
