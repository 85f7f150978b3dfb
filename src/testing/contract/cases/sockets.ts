import type { Promises } from '../contract-case.js';
import type { FoundSocket, Target } from '../contract.module.js';

/** What a node does with the clients of other nodes. */
export const sockets: Promises = {
  'socketsJoin lets the matching clients of all nodes join': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    for (const client of [alice, bob, carol]) await stage.join(client, 'first');
    await stage.join(carol, 'left out');
    await stage.do(alice, 'sockets join', { rooms: ['first'], except: ['left out'], to: ['second', 'third'] });
    await stage.cluster.settle();
    await stage.do(carol, 'broadcast', { event: 'said', rooms: ['second'] });
    await stage.expectOnce('said', [], alice, bob);
    await stage.do(alice, 'sockets join', { rooms: [carol.id], to: ['fourth'] });
    await stage.cluster.settle();
    await stage.do(bob, 'broadcast', { event: 'whispered', rooms: ['fourth'] });
    await stage.expectOnce('whispered', [], carol);
  },

  'socketsLeave lets the matching clients of all nodes leave': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const dave = await stage.connect(1, { name: 'other client of node 1' });
    for (const client of [alice, bob, carol]) await stage.join(client, 'first', 'second');
    await stage.join(carol, 'kept');
    await stage.join(dave, 'second');
    await stage.do(alice, 'sockets leave', { rooms: ['first'], except: ['kept'], from: ['second'] });
    await stage.cluster.settle();
    await stage.do(bob, 'broadcast', { event: 'said', rooms: ['second'] });
    await stage.expectOnce('said', [], carol, dave);
    await stage.do(alice, 'broadcast', { event: 'whispered', rooms: ['first'] });
    await stage.expectOnce('whispered', [], alice, bob, carol);
  },

  'disconnectSockets disconnects the matching clients of all nodes, after what was sent before': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const dave = await stage.connect(2, { name: 'other client of node 2' });
    for (const client of [bob, carol]) await stage.join(client, 'banned');
    await stage.do(alice, 'disconnect sockets', { rooms: ['banned'], goodbye: 'bye' });
    await stage.expectOnce('goodbye', ['bye'], bob, carol);
    const connected = [alice, bob, carol, dave].filter((client) => client.connected).map(({ name }) => name);
    stage.expectAnswer('Connected clients after disconnectSockets()', connected, [alice.name, dave.name]);
  },

  'fetchSockets finds the clients of all nodes, with their rooms and data': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    await stage.do(bob, 'remember', 'a note');
    await stage.join(bob, 'room');
    await stage.join(carol, 'room', 'left out');
    const onBob = { id: bob.id, rooms: ['room'], data: { note: 'a note' } };
    const onCarol = { id: carol.id, rooms: ['room', 'left out'], data: {} };
    const onAlice = { id: alice.id, rooms: [], data: {} };
    const fetch = (target: Target): Promise<FoundSocket[]> => stage.do(alice, 'fetch sockets', target);
    stage.expectAnswer('fetchSockets()', await fetch({}), [onAlice, onBob, onCarol]);
    stage.expectAnswer('in(room).fetchSockets()', await fetch({ rooms: ['room'] }), [onBob, onCarol]);
    stage.expectAnswer('except(room).fetchSockets()', await fetch({ except: ['left out'] }), [onAlice, onBob]);
    stage.expectAnswer('local.fetchSockets()', await fetch({ local: true }), [onAlice]);
  },

  'a client that has left gets nothing, and is not found': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    for (const client of [alice, bob, carol]) await stage.join(client, 'room');
    await bob.disconnect();
    const again = await stage.connect(1, { name: 'client that came back' });
    await stage.do(alice, 'broadcast', { event: 'said', rooms: ['room'] });
    await stage.expectOnce('said', [], alice, carol);
    const found = await stage.do(carol, 'fetch sockets', {});
    stage.expectAnswer(
      'Found clients after one has left',
      found.map(({ id }) => id),
      [alice.id, carol.id, again.id],
    );
  },
};
