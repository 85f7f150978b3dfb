import type { Promises } from '../contract-case.js';

/** How long a question may take that all clients answer, and one that not all answer, in milliseconds. */
const PATIENT = 5_000;
const IMPATIENT = 3_000;

/** Questions to clients. */
export const acks: Promises = {
  'a broadcast with an ack collects the answers of all nodes': async (stage) => {
    const alice = await stage.connect(0, { answer: 'from 0' });
    await stage.connect(1, { answer: { from: 1 } });
    await stage.connect(2, { answer: Buffer.from([2]) });
    stage.expectAnswer(
      'timeout().emitWithAck()',
      (await stage.do(alice, 'ask clients', { timeout: PATIENT })).answers,
      ['from 0', { from: 1 }, Buffer.from([2])],
    );
  },

  'a broadcast with an ack asks the clients of a room only': async (stage) => {
    const alice = await stage.connect(0, { answer: 0 });
    const bob = await stage.connect(1, { answer: 1 });
    const carol = await stage.connect(2, { answer: 2 });
    for (const client of [bob, carol]) await stage.join(client, 'room');
    const asked = await stage.do(alice, 'ask clients', { rooms: ['room'], except: [carol.id], timeout: PATIENT });
    stage.expectAnswer('to(room).except(id).timeout().emitWithAck()', asked, { answers: [1], timedOut: false });
  },

  'a broadcast with an ack ends at once where nobody is asked': async (stage) => {
    const [alice] = await stage.connectEach();
    const asked = await stage.do(alice, 'ask clients', { rooms: ['empty room'], timeout: PATIENT });
    stage.expectAnswer('to(empty room).timeout().emitWithAck()', asked, { answers: [], timedOut: false });
  },

  'a broadcast with an ack times out with the answers that it has': async (stage) => {
    const alice = await stage.connect(0, { answer: 'from 0' });
    await stage.connect(1);
    await stage.connect(2, { answer: 'from 2' });
    const { answers, timedOut } = await stage.do(alice, 'ask clients', { timeout: IMPATIENT });
    stage.expectAnswer('Whether timeout().emitWithAck() timed out', timedOut, true);
    stage.expectAnswer('The answers of timeout().emitWithAck()', answers, ['from 0', 'from 2']);
  },

  'a client on another node answers alone': async (stage) => {
    const alice = await stage.connect(0, { answer: 'from 0' });
    const bob = await stage.connect(1, { answer: 'from 1' });
    const asked = await stage.do(alice, 'ask client', bob.id);
    stage.expectAnswer('fetchSockets()[0].emitWithAck()', asked, { answers: ['from 1'], timedOut: false });
  },
};
