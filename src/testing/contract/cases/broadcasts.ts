import type { Promises } from '../contract-case.js';

/** What a payload may consist of. */
const PAYLOAD = ['text', 1.5, true, null, [], { nested: [{ deeply: 'yes' }] }];

/** To whom a broadcast goes. */
export const broadcasts: Promises = {
  'a broadcast reaches the clients of all nodes': async (stage) => {
    const clients = await stage.connectEach();
    await stage.do(clients[0], 'broadcast', { event: 'said', args: PAYLOAD });
    await stage.expectOnce('said', PAYLOAD, ...clients);
  },

  'a broadcast carries binary payloads': async (stage) => {
    const clients = await stage.connectEach();
    const bytes = Buffer.from([0, 1, 128, 255]);
    const args = [bytes, { nested: [bytes] }, 'text'];
    await stage.do(clients[1], 'broadcast', { event: 'said', args });
    await stage.expectOnce('said', args, ...clients);
  },

  'a broadcast to a room reaches its members on all nodes, and nobody else': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const dave = await stage.connect(1, { name: 'other client of node 1' });
    await stage.join(alice, 'room');
    await stage.join(bob, 'room', 'other room');
    await stage.join(dave, 'other room');
    await stage.do(carol, 'broadcast', { event: 'said', rooms: ['room'] });
    await stage.expectOnce('said', [], alice, bob);
  },

  'a broadcast to several rooms reaches a client in more than one of them once': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    await stage.join(alice, 'one', 'two', 'three');
    await stage.join(bob, 'two');
    await stage.do(carol, 'broadcast', { event: 'said', rooms: ['one', 'two'] });
    await stage.expectOnce('said', [], alice, bob);
  },

  'a broadcast to the id of a client reaches it on another node': async (stage) => {
    const [alice, , carol] = await stage.connectEach();
    await stage.do(alice, 'broadcast', { event: 'said', rooms: [carol.id] });
    await stage.expectOnce('said', [], carol);
  },

  'a broadcast leaves out the clients of excepted rooms': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const dave = await stage.connect(2, { name: 'other client of node 2' });
    for (const client of [alice, bob, carol, dave]) await stage.do(client, 'join', ['room']);
    await stage.join(bob, 'muted');
    await stage.do(alice, 'broadcast', { event: 'said', except: ['muted'] });
    await stage.expectOnce('said', [], alice, carol, dave);
    await stage.do(alice, 'broadcast', { event: 'whispered', rooms: ['room'], except: ['muted', carol.id] });
    await stage.expectOnce('whispered', [], alice, dave);
  },

  'a broadcast by a socket leaves out its own client': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    await stage.do(alice, 'broadcast', { event: 'said', fromSocket: true });
    await stage.expectOnce('said', [], bob, carol);
  },

  'a local broadcast stays on its node': async (stage) => {
    const [alice, bob] = await stage.connectEach();
    const dave = await stage.connect(0, { name: 'other client of node 0' });
    for (const client of [alice, bob, dave]) await stage.join(client, 'room');
    await stage.do(alice, 'broadcast', { event: 'said', rooms: ['room'], local: true });
    await stage.expectOnce('said', [], alice, dave);
  },

  'a volatile broadcast reaches the clients that are ready for it': async (stage) => {
    const clients = await stage.connectEach();
    await stage.cluster.settle();
    await stage.do(clients[2], 'broadcast', { event: 'said', args: ['now'], volatile: true });
    await stage.expectOnce('said', ['now'], ...clients);
  },

  'a broadcast stays in its namespace': async (stage) => {
    const [alice, bob] = await stage.connectEach();
    const others = [await stage.connect(0, { isOther: true }), await stage.connect(1, { isOther: true })] as const;
    for (const client of [alice, bob, ...others]) await stage.join(client, 'room');
    await stage.do(alice, 'broadcast', { event: 'said', rooms: ['room'] });
    await stage.expectOnce('said', [], alice, bob);
    await stage.do(others[0], 'broadcast', { event: 'whispered' });
    await stage.expectOnce('whispered', [], ...others);
  },
};
