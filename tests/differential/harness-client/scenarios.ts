import { once } from 'node:events';
import type { Socket } from 'socket.io-client';
import type { Client, Scenario, Stage } from './observe-side.js';

/** A client that comes back at once, and for ever. */
const RETURNS = { reconnection: true, reconnectionDelay: 1, reconnectionDelayMax: 1 } as const;
const RETRIES = { retries: 2, ackTimeout: 500 } as const;

/** Resolves with the next event of this name. */
async function next(socket: Socket, event: string): Promise<unknown[]> {
  return (await once(socket as never, event)) as unknown[];
}

/** Records what a promise comes to. */
async function seeOutcome({ see }: Stage, name: string, outcome: Promise<unknown>): Promise<void> {
  await outcome.then(
    (answer) => see(name, 'has the answer', answer),
    (error: Error) => see(name, 'has an error', error.name, error.message),
  );
}

/** Loses its connection, and comes back by itself. */
async function cut({ socket, emit }: Client): Promise<void> {
  const gone = next(socket, 'disconnect');
  const back = next(socket, 'connect');
  emit('cut');
  await gone;
  await back;
}

async function echoes(stage: Stage, bodies: readonly unknown[]): Promise<void> {
  const alice = await stage.join('alice');
  for (const body of bodies) await seeOutcome(stage, 'alice', alice.emitWithAck('echo', body));
}

/** An object that is in itself. */
function circular(): object {
  const object: { self?: object } = {};
  object.self = object;
  return object;
}

export const scenarios: Record<string, Scenario> = {
  // Connecting
  async 'a client connects, and leaves'({ join, see }) {
    const { socket } = await join('alice');
    see('alice', 'is on', socket.io.engine.transport.name, socket.connected, socket.active, socket.recovered);
    socket.disconnect();
    see('alice', 'is off', socket.connected, socket.active, socket.id);
  },
  async 'credentials as an object'({ join }) {
    await join('alice', { auth: { token: 'secret', roles: ['reader'] } });
  },
  async 'credentials by a function'({ join }) {
    await join('alice', { auth: (give: (data: object) => void) => give({ token: 'secret' }) });
  },
  async 'headers and cookies'({ join }) {
    await join('alice', { extraHeaders: { authorization: 'Bearer secret', cookie: 'sid=1; theme=dark' } });
  },
  async 'a refusal with data'({ connect }) {
    await connect('alice', { auth: { refused: { until: 'noon' } } });
  },
  async 'a refusal by the gateway'({ connect }) {
    await connect('alice', { auth: { kicked: true } });
  },
  async 'a namespace that there is not'({ connect }) {
    await connect('alice', { namespace: '/attic' });
  },
  async 'another namespace'({ join }) {
    const alice = await join('alice', { namespace: '/news' });
    await alice.emitWithAck('push', [['said', 'news']]);
  },
  async 'two clients, each with its own'(stage) {
    const [alice, bob] = [await stage.join('alice'), await stage.join('bob')];
    await Promise.all([alice.emitWithAck('echo', 1), bob.emitWithAck('echo', 2)]);
    stage.see('both', 'differ', alice.socket.id !== bob.socket.id);
  },
  async 'two namespaces on one connection'({ join, see }) {
    const { socket } = await join('alice');
    const news = socket.io.socket('/news').connect();
    await next(news, 'welcome');
    see('alice', 'is told by the news', await news.emitWithAck('echo', 'both'));
    see('alice', 'has one connection', news.io.engine === socket.io.engine);
    socket.disconnect();
    see('alice', 'is in the news alone', news.connected, await news.emitWithAck('echo', 'one'));
    news.disconnect();
  },
  async 'a client leaves, and comes back'({ join }) {
    const { socket } = await join('alice');
    await socket.emitWithAck('join', 'lobby');
    socket.disconnect();
    const back = next(socket, 'connect');
    socket.connect();
    await back;
    await socket.emitWithAck('echo', 'here again');
  },

  // Sending
  async 'no argument, and several'({ join }) {
    const alice = await join('alice');
    alice.emit('tell nothing');
    alice.emit('tell nothing', 1, 'two', [3], { four: 4 }, null);
    alice.emit('nobody handles this', 1);
  },
  'values that JSON has': (stage) =>
    echoes(stage, ['', 0, false, null, [], {}, [[1, [2]], { deep: { er: ['ä', '漢', '🙂'] } }]]),
  'values that JSON has not': (stage) =>
    echoes(stage, [undefined, [undefined, 1], { gone: undefined }, new Date(0), { toJSON: () => 'own' }]),
  'bytes, alone and within': (stage) =>
    echoes(stage, [Buffer.from('bytes'), new Uint8Array([1, 2]), { deep: [Buffer.alloc(0), Buffer.from([255])] }]),
  'a large text, and many bytes': (stage) => echoes(stage, ['x'.repeat(200_000), Buffer.alloc(100_000, 7)]),
  async 'names as they come'({ join }) {
    const alice = await join('alice');
    for (const event of ['', 'constructor', '__proto__', 'toString', 'ä 漢', '0', 'message']) alice.emit(event, event);
  },
  async 'names that are reserved'(stage) {
    const alice = await stage.join('alice');
    for (const event of ['connect', 'connect_error', 'disconnect', 'newListener'])
      await seeOutcome(
        stage,
        'alice',
        (async () => alice.socket.emit(event))().then(() => 'sent'),
      );
  },
  async 'what cannot be sent'(stage) {
    const { socket } = await stage.join('alice');
    await seeOutcome(stage, 'alice', (async () => void socket.emit('echo', 1n))());
    await seeOutcome(stage, 'alice', (async () => void socket.emit('echo', circular()))());
    await seeOutcome(stage, 'alice', socket.emitWithAck('echo', 'sent all the same'));
  },
  async 'a hundred at once keep their order'({ join, see }) {
    const alice = await join('alice');
    const answers = Array.from({ length: 100 }, (_, number) => alice.emitWithAck('echo', number));
    see('alice', 'has the answers', await Promise.all(answers));
  },
  async 'without compression'({ join }) {
    const { socket } = await join('alice');
    socket.compress(false).emit('echo', 'as it is');
    await socket.emitWithAck('press');
  },

  // Acks
  async 'an ack by a function'({ join, see }) {
    const alice = await join('alice');
    await new Promise<void>((resolve) => {
      alice.emit('answer much', (...answer: unknown[]) => {
        see('alice', 'has the answer', ...answer);
        resolve();
      });
    });
  },
  async 'an ack of several values, as a promise'(stage) {
    const alice = await stage.join('alice');
    await seeOutcome(stage, 'alice', alice.emitWithAck('answer much'));
  },
  async 'an error for an answer'(stage) {
    const alice = await stage.join('alice');
    await seeOutcome(stage, 'alice', alice.emitWithAck('fail'));
    await seeOutcome(stage, 'alice', alice.socket.timeout(50).emitWithAck('nobody handles this'));
  },
  async 'an error without an ack'({ join }) {
    const alice = await join('alice');
    alice.emit('fail');
  },
  async 'an ack that does not come in time'(stage) {
    const { socket } = await stage.join('alice');
    await seeOutcome(stage, 'alice', socket.timeout(30).emitWithAck('hesitate'));
    await seeOutcome(stage, 'alice', socket.timeout(5_000).emitWithAck('hesitate'));
  },
  async 'ackTimeout for every ack'(stage) {
    const alice = await stage.join('alice', { ackTimeout: 300 });
    await seeOutcome(stage, 'alice', alice.socket.emitWithAck('hesitate'));
    await seeOutcome(stage, 'alice', alice.emitWithAck('echo', 'in time'));
  },
  async 'an ack that is owed when the connection ends'(stage) {
    const { socket } = await stage.join('alice');
    const owed = socket.emitWithAck('hesitate');
    socket.disconnect();
    await seeOutcome(stage, 'alice', owed);
  },

  // Retries
  async 'what is not acknowledged is sent again'(stage) {
    const alice = await stage.join('alice', RETRIES);
    await seeOutcome(stage, 'alice', alice.emitWithAck('hesitate'));
  },
  async 'one waits for the ack of the one before'({ join, see }) {
    const alice = await join('alice', RETRIES);
    const answers = [alice.emitWithAck('hesitate'), alice.emitWithAck('echo', 1), alice.emitWithAck('echo', 2)];
    see('alice', 'has the answers', await Promise.all(answers));
  },
  async 'events without an ack are acknowledged too'({ join }) {
    const alice = await join('alice', RETRIES);
    alice.emit('echo', 1);
    alice.emit('hesitate');
    await alice.emitWithAck('echo', 2);
  },
  async 'in the end it is given up'(stage) {
    const { socket } = await stage.join('alice', { retries: 1, ackTimeout: 300 });
    await seeOutcome(stage, 'alice', socket.emitWithAck('tell nothing', 'without an answer'));
    await seeOutcome(stage, 'alice', socket.emitWithAck('echo', 'behind it'));
  },

  // Receiving
  async 'events in their order, with all that they hold'({ join }) {
    const alice = await join('alice');
    await alice.emitWithAck('push', [
      ['said'],
      ['said', 1, null, 'text'],
      ['said', { deep: [Buffer.from('bytes')] }],
      ['odd name', [], ''],
      ['', 'of an empty name'],
    ]);
  },
  async 'a stream of answers'({ join }) {
    const alice = await join('alice');
    const last = new Promise<void>((resolve) => {
      alice.socket.on('number', (number) => number === 3 && resolve());
    });
    alice.emit('stream');
    await last;
  },
  async 'listeners of all events come first, in their order'({ join, see }) {
    const { socket } = await join('alice');
    const note =
      (who: string) =>
      (event: string, ...args: unknown[]) =>
        see('alice', who, event, ...args);
    socket.onAny(note('second'));
    socket.prependAny(note('first'));
    socket.onAnyOutgoing(note('outgoing'));
    socket.once('said', (...args: unknown[]) => see('alice', 'once', ...args));
    await socket.emitWithAck('push', [
      ['said', 1],
      ['said', 2],
    ]);
    socket.offAny();
    await socket.emitWithAck('push', [['said', 3]]);
    see('alice', 'counts', socket.listenersAny().length, socket.listenersAnyOutgoing().length);
  },
  async 'all listeners are taken off'({ join, see }) {
    const { socket } = await join('alice');
    socket.off('said');
    await socket.emitWithAck('push', [['said', 'to nobody']]);
    see('alice', 'counts', socket.listeners('said').length, socket.listeners('welcome').length);
    see('alice', 'counts its own', socket.listeners('connect').length, socket.listeners('disconnect').length);
    socket.off();
    await socket.emitWithAck('push', [['said', 'to nobody at all']]);
  },
  async 'a volatile event'({ join }) {
    const alice = await join('alice');
    await alice.emitWithAck('tick');
  },
  async 'what a room hears'({ join }) {
    const [alice, bob, carol] = [await join('alice'), await join('bob'), await join('carol')];
    for (const client of [alice, bob]) await client.emitWithAck('join', 'lobby');
    await alice.emitWithAck('say', ['lobby', 'hi', { bytes: Buffer.from([1]) }, 'last']);
    await carol.emitWithAck('say', ['lobby', 'from outside']);
  },

  // Being asked
  async 'the server asks, and has an answer'({ join }) {
    const alice = await join('alice', {
      on: { question: (...args: unknown[]) => (args.at(-1) as (answer: unknown) => void)(['yes', Buffer.from([1])]) },
    });
    await alice.emitWithAck('ask', [5_000, 'why', Buffer.from([2])]);
  },
  async 'the server asks, and has an answer later'({ join }) {
    const alice = await join('alice', {
      on: {
        async question(...args: unknown[]) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          (args.at(-1) as (answer: unknown) => void)('later');
        },
      },
    });
    await alice.emitWithAck('ask', [5_000]);
  },
  async 'the server asks, and has no answer'({ join }) {
    const alice = await join('alice');
    await alice.emitWithAck('ask', [30, 'nobody']);
  },
  async 'the server asks twice, and hears the first answer alone'({ join }) {
    const alice = await join('alice', {
      on: {
        question: (...args: unknown[]) => {
          const answer = args.at(-1) as (answer: unknown) => void;
          answer('first');
          answer('second');
        },
      },
    });
    await alice.emitWithAck('ask', [5_000]);
  },
  async 'the server asks a room'(stage) {
    const answering = (answer: string) => ({
      on: { question: (_: unknown, give: (answer: string) => void) => give(answer) },
    });
    const alice = await stage.join('alice');
    for (const name of ['bob', 'carol']) {
      const client = await stage.join(name, answering(name));
      await client.emitWithAck('join', 'lobby');
    }
    const answers = (await alice.emitWithAck('ask all', 'lobby')) as string[];
    stage.see('alice', 'has the answers', answers.toSorted());
  },

  // Ends
  async 'the server ends a session'({ join, see }) {
    const { socket, emit } = await join('alice', RETURNS);
    const gone = next(socket, 'disconnect');
    emit('kick', false);
    await gone;
    see('alice', 'is left', socket.connected, socket.active, socket.io.engine.readyState);
  },
  async 'the server ends a connection'({ join, see }) {
    const { socket, emit } = await join('alice');
    const gone = next(socket, 'disconnect');
    emit('kick', true);
    await gone;
    see('alice', 'is left', socket.connected, socket.active);
  },
  async 'a connection is cut, and nobody comes back'({ join, see }) {
    const { socket, emit } = await join('alice');
    const gone = next(socket, 'disconnect');
    emit('cut');
    await gone;
    see('alice', 'is left', socket.connected, socket.active, socket.id);
  },

  // Coming back
  async 'a connection is cut, and the client comes back'({ join, see }) {
    const alice = await join('alice', RETURNS);
    for (const event of ['reconnect_attempt', 'reconnect'] as const)
      alice.socket.io.on(event, (attempt) => see('alice', event, attempt));
    await cut(alice);
    await alice.emitWithAck('echo', 'here again');
  },
  async 'it is in its rooms again where it recovers'({ join }) {
    const [alice, bob] = [await join('alice', RETURNS), await join('bob')];
    await alice.emitWithAck('join', 'lobby');
    await bob.emitWithAck('say', ['lobby', 'before']);
    await cut(alice);
    await bob.emitWithAck('say', ['lobby', 'after']);
  },
  async 'what it missed'({ join }) {
    const [alice, bob] = [await join('alice', RETURNS), await join('bob')];
    await alice.emitWithAck('join', 'lobby');
    const gone = next(alice.socket, 'disconnect');
    const back = next(alice.socket, 'connect');
    alice.emit('cut');
    bob.emit('say', ['lobby', 'meanwhile', { a: 1 }]);
    await gone;
    await back;
  },
  async 'behind a text without an offset'({ join }) {
    const alice = await join('alice', RETURNS);
    await alice.emitWithAck('tick');
    await cut(alice);
  },
  async 'behind bytes, and behind an event that asks'({ join }) {
    const alice = await join('alice', {
      ...RETURNS,
      on: { question: (...args: unknown[]) => (args.at(-1) as (answer: string) => void)('yes') },
    });
    await alice.emitWithAck('push', [['said', Buffer.from('bytes')]]);
    await alice.emitWithAck('ask', [5_000, 'text']);
    await cut(alice);
  },
  async 'twice in a row'({ join }) {
    const alice = await join('alice', RETURNS);
    await alice.emitWithAck('push', [['said', 'first']]);
    await cut(alice);
    await alice.emitWithAck('push', [['said', 'second']]);
    await cut(alice);
  },
  async 'what is emitted meanwhile is sent then, in its order'({ join, see }) {
    const { socket, emit } = await join('alice', RETURNS);
    const gone = next(socket, 'disconnect');
    const back = next(socket, 'connect');
    emit('cut');
    await gone;
    socket.emit('echo', 'kept');
    socket.volatile.emit('echo', 'dropped');
    const answer = socket.emitWithAck('echo', 'asked');
    see('alice', 'keeps', socket.sendBuffer.length);
    await back;
    see('alice', 'has the answer', await answer);
  },
  async 'an ack that is owed when the connection is cut'(stage) {
    const alice = await stage.join('alice', RETURNS);
    const owed = seeOutcome(stage, 'alice', alice.socket.emitWithAck('hesitate'));
    await cut(alice);
    await owed;
  },
  async 'what waits for an ack is sent again when it is back'(stage) {
    const alice = await stage.join('alice', { ...RETURNS, retries: 3, ackTimeout: 5_000 });
    const { socket } = alice;
    const back = new Promise<void>((resolve) => {
      socket.once('disconnect', () => socket.once('connect', resolve));
    });
    socket.emit('cut');
    await back;
    await seeOutcome(stage, 'alice', socket.emitWithAck('echo', 'behind it'));
  },
  async 'two namespaces come back together'({ join, see }) {
    const alice = await join('alice', RETURNS);
    const news = alice.socket.io.socket('/news').connect();
    await next(news, 'connect');
    const newsIsBack = new Promise<void>((resolve) => {
      news.once('disconnect', () => news.once('connect', resolve));
    });
    await cut(alice);
    await newsIsBack;
    see('alice', 'is in the news', news.connected, await news.emitWithAck('echo', 'news'));
    news.disconnect();
  },
};
