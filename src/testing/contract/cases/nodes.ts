import type { Promises } from '../contract-case.js';
import { NODES } from '../stage.js';

/** Messages between nodes. */
export const nodes: Promises = {
  'serverCount counts the nodes': async (stage) => {
    const [, bob] = await stage.connectEach();
    stage.expectAnswer('serverCount()', await stage.do(bob, 'count nodes'), NODES);
  },

  'serverSideEmit reaches every other node once': async (stage) => {
    const [alice, bob, carol] = await stage.connectEach();
    const other = await stage.connect(1, { name: 'client of the other namespace', isOther: true });
    const args = ['text', 1, { nested: ['yes'] }];
    await stage.do(alice, 'tell nodes', args);
    await stage.expectOnce('told', args, bob, carol);
    await stage.do(other, 'tell nodes', ['elsewhere']);
    await stage.expectOnce('told', args, bob, carol);
  },

  'serverSideEmitWithAck collects the answers of every other node': async (stage) => {
    const [alice, ...others] = await stage.connectEach();
    const names = await Promise.all(others.map((client) => stage.do(client, 'which node')));
    const asked = await stage.do(alice, 'ask nodes', { isSilent: false });
    stage.expectAnswer('serverSideEmitWithAck()', asked.answers, names);
  },

  'serverSideEmitWithAck fails when a node does not answer': async (stage) => {
    const [alice] = await stage.connectEach();
    const asked = await stage.do(alice, 'ask nodes', { isSilent: true });
    stage.expectAnswer('serverSideEmitWithAck() without answers', asked, { answers: [], timedOut: true });
  },

  'serverSideEmit does not overtake broadcasts, nor they it': async (stage) => {
    const [alice, ...others] = await stage.connectEach();
    const times = 200;
    await stage.do(alice, 'broadcast and tell nodes', times);
    const numbers = Array.from({ length: times }, (_, number) => number);
    const both = numbers.flatMap((number) => [[`broadcast ${number}`], [`told ${number}`]]);
    await stage.expectReceived('told', [
      [alice, numbers.map((number) => [`broadcast ${number}`])],
      ...others.map((client) => [client, both] as const),
    ]);
  },

  'a node that has left is forgotten': async (stage) => {
    const [alice, bob] = await stage.connectEach();
    await stage.cluster.nodes[2]!.terminate();
    stage.expectAnswer('serverCount()', await stage.do(alice, 'count nodes'), NODES - 1);
    const found = await stage.do(alice, 'fetch sockets', {});
    stage.expectAnswer(
      'fetchSockets()',
      found.map(({ id }) => id),
      [alice.id, bob.id],
    );
    const asked = await stage.do(alice, 'ask nodes', { isSilent: false });
    stage.expectAnswer('serverSideEmitWithAck()', asked, {
      answers: [await stage.do(bob, 'which node')],
      timedOut: false,
    });
    await stage.do(alice, 'broadcast', { event: 'said' });
    await stage.expectOnce('said', [], alice, bob);
  },
};
