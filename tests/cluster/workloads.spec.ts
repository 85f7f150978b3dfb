import { atMostOnce, everyMember, onlyMembers, orderPerSender, startTestApp } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { PlainChatModule } from '../integration/support/chat.js';
import { rooms, roomsModule } from './support/history/rooms.js';

const RoomsModule = roomsModule();
const shared = realtimeTest(RoomsModule, { scope: 'file' });

describe('a history', () => {
  test("has what the test's own clients say and hear", async () => {
    await using app = await startTestApp(RoomsModule);
    const { say, join, leave } = app.history.record(rooms);
    const [alice, bob, carol] = await app.connect(3);
    await Promise.all([alice, bob, carol].map((client) => join(client, 'lobby')));
    say(alice, 'lobby', 'hi');
    await leave(carol, 'lobby');
    say(alice, 'lobby', 'carol has left');
    const summary = await app.history.check(atMostOnce(), orderPerSender(), onlyMembers(), everyMember());
    expect(summary).toEqual({ clients: 3, messages: 2, receipts: 3, disconnections: 0, recoveries: 0 });
    expect(app.history.entries.filter(({ kind }) => kind === 'heard')).toMatchObject([
      { client: bob.name, message: 'hi' },
      { client: carol.name, message: 'hi' },
      { client: bob.name, message: 'carol has left' },
    ]);
  });

  test('does not take a request for done that the app refuses', async () => {
    await using app = await startTestApp(RoomsModule);
    const { join } = app.history.record({
      ...rooms,
      join: (client, room) => client.emitWithAck('no such event', room),
    });
    const alice = await app.connect({ name: 'alice' });
    await join(alice, 'lobby');
    expect(app.history.entries).toMatchObject([
      { kind: 'connected', client: 'alice', recovered: false },
      { kind: 'joining', client: 'alice', room: 'lobby' },
      { kind: 'answered', client: 'alice', to: 1, outcome: 'refused' },
    ]);
  });

  test('finds a message with a function of the test', async () => {
    await using app = await startTestApp(RoomsModule);
    const messageOf = ({ text }: { text: string }): string => text.toLowerCase();
    const { say, join } = app.history.record({
      ...rooms,
      say: (client, room, text) => client.emit('say', { room, text: text.toUpperCase() }),
      messageOf: (payload) => messageOf(payload as { text: string }),
    });
    const [alice, bob] = await app.connect(2);
    await Promise.all([alice, bob].map((client) => join(client, 'lobby')));
    say(alice, 'lobby', 'hi');
    expect(await app.history.check(everyMember())).toMatchObject({ receipts: 1 });
  });

  test('does not owe a client what is said in another namespace', async () => {
    await using app = await startTestApp(RoomsModule);
    const { say } = app.history.record({
      say: (client, _room, text) => client.emit('say', { room: 'all', text }),
      hears: 'said',
    });
    const [alice, bob] = await app.connect(2);
    await bob.emitWithAck('join', 'all');
    await app.connect({ namespace: '/garden' });
    say(alice, '', 'hi');
    expect(await app.history.check(onlyMembers(), everyMember())).toMatchObject({ clients: 3, receipts: 1 });
  });

  test('takes rooms that are joined in other ways for other rooms', async () => {
    await using app = await startTestApp(RoomsModule);
    const chat = app.history.record(rooms);
    const games = app.history.record({
      ...rooms,
      join: (client, room) => client.emitWithAck('join', `game ${room}`),
      say: (client, room, text) => client.emit('say', { room: `game ${room}`, text }),
    });
    const [alice, bob, carol] = await app.connect(3);
    await Promise.all([chat.join(alice, '1'), chat.join(bob, '1'), games.join(alice, '1'), games.join(carol, '1')]);
    chat.say(alice, '1', 'hi');
    games.say(alice, '1', 'go');
    const summary = await app.history.check(onlyMembers(), everyMember());
    expect(summary).toMatchObject({ messages: 2, receipts: 2 });
  });

  test('reports an error of `messageOf`, and takes no event from the client', async () => {
    await using app = await startTestApp(PlainChatModule);
    const messageOf = (): string => {
      throw new Error('no text here');
    };
    app.history.record({ say: (client, _room, text) => client.emit('announce', text), hears: 'announced', messageOf });
    const alice = await app.connect({ name: 'alice' });
    alice.emit('announce', 'hi');
    expect(await alice.next('announced')).toEqual(['hi']);
    await expect(app.history.check(atMostOnce())).rejects.toThrow(
      '`messageOf` failed for an event "announced": Error: no text here',
    );
  });

  test('asks for `messageOf` where an event has two messages', async () => {
    await using app = await startTestApp(PlainChatModule);
    const { say } = app.history.record({
      say: (client, _room, text) => client.emit('announce', { replyTo: 'hi', text }),
      hears: 'announced',
    });
    const [alice] = await app.connect(2);
    say(alice, '', 'hi');
    say(alice, '', 'hello');
    await expect(app.history.check(atMostOnce())).rejects.toThrow(
      `An event "announced" has 2 messages: 'hi', 'hello'. Give \`messageOf\`, which returns the one that was said.`,
    );
  });

  test('names two clients apart that had the same name', async () => {
    await using app = await startTestApp(RoomsModule);
    app.history.record(rooms);
    const alice = await app.connect({ name: 'alice' });
    await alice.disconnect();
    await app.connect({ name: 'alice' });
    expect(app.history.entries.map((entry) => 'client' in entry && entry.client)).toEqual([
      'alice',
      'alice',
      'alice (2)',
    ]);
  });

  test('does not record a client that connected before it began', async () => {
    await using app = await startTestApp(RoomsModule);
    const alice = await app.connect({ name: 'alice' });
    const { say } = app.history.record(rooms);
    expect(() => say(alice, 'lobby', 'hi')).toThrow(
      'The history does not know alice. Call history.record() before the client connects.',
    );
  });

  test('does not record a followed client that was connected already', async () => {
    await using app = await startTestApp(RoomsModule);
    const { say } = app.history.record(rooms);
    const socket = io(app.url, { transports: ['websocket'], reconnection: false });
    await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
    const alice = app.follow(socket, { name: 'alice' });
    expect(() => say(alice, 'lobby', 'hi')).toThrow('The history does not know alice.');
  });

  test('has what a client missed after the connection that recovered it', async () => {
    await using app = await startTestApp(roomsModule({ connectionStateRecovery: {} }));
    const { say, join } = app.history.record(rooms);
    const alice = await app.connect({ name: 'alice', reconnection: true, reconnectionDelay: 100 });
    const bob = await app.connect({ name: 'bob' });
    await join(alice, 'lobby');
    say(bob, 'lobby', 'before');
    await app.settle();
    const back = new Promise((resolve) => alice.socket.once('connect', () => resolve(undefined)));
    alice.socket.io.engine.close();
    say(bob, 'lobby', 'meanwhile');
    await back;
    await app.settle();
    const ofAlice = app.history.entries.filter((entry) => 'client' in entry && entry.client === 'alice');
    expect(ofAlice.slice(-3)).toMatchObject([
      { kind: 'disconnected', reason: 'forced close' },
      { kind: 'connected', recovered: true },
      { kind: 'heard', message: 'meanwhile' },
    ]);
  });

  test('does not take a message for lost that was said after settle() had looked at its sender', async () => {
    let atRest = async (): Promise<void> => {};
    const idle = [async () => (await atRest(), true)];
    await using app = await startTestApp(RoomsModule, { idle });
    const { say, join, leave } = app.history.record(rooms);
    const [alice, bob, carol] = await app.connect(3);
    for (const client of [alice, bob, carol]) await join(client, 'lobby');
    atRest = async () => {
      atRest = async () => {};
      await alice.link.blackhole({ stream: 'upstream' });
      say(alice, 'lobby', 'late');
    };
    await app.settle();
    await leave(bob, 'lobby');
    await alice.link.heal();
    expect(await app.history.check(everyMember())).toMatchObject({ receipts: 1 });
  });

  test('knows that a request may be done that a client made while it was away', async () => {
    await using app = await startTestApp(RoomsModule);
    const { say, join } = app.history.record({
      ...rooms,
      join: (client, room) => client.socket.emitWithAck('join', room),
    });
    const alice = await app.connect({ name: 'alice' });
    const bob = await app.connect({ name: 'bob', reconnection: true, reconnectionDelay: 10 });
    bob.socket.io.engine.close();
    await join(bob, 'lobby');
    say(alice, 'lobby', 'hi');
    expect(await app.history.check(onlyMembers(), everyMember())).toMatchObject({ receipts: 1 });
  });

  test('refuses a message that was said before', async () => {
    await using app = await startTestApp(RoomsModule);
    const { say } = app.history.record(rooms);
    const alice = await app.connect({ name: 'alice' });
    say(alice, 'lobby', 'hi');
    expect(() => say(alice, 'lobby', 'hi')).toThrow("'hi' was said before.");
  });

  test('takes a message that could not be sent for one that was not said', async () => {
    await using app = await startTestApp(RoomsModule);
    let isBroken = true;
    const { say } = app.history.record({
      ...rooms,
      say: (client, room, text) => {
        if (isBroken) throw new Error('broken');
        rooms.say(client, room, text);
      },
    });
    const alice = await app.connect({ name: 'alice' });
    expect(() => say(alice, 'lobby', 'hi')).toThrow('broken');
    isBroken = false;
    say(alice, 'lobby', 'hi');
    expect(app.history.entries.filter(({ kind }) => kind === 'said')).toMatchObject([{ message: 'hi' }]);
  });

  test('is not checked against nothing', async () => {
    await using app = await startTestApp(RoomsModule);
    await expect(app.history.check()).rejects.toThrow('Expected guarantees to check the history against');
    await expect(app.history.check(atMostOnce())).rejects.toThrow('The history has no message that a client got');
  });
});

describe('a workload', () => {
  test('is over before its history is checked', async () => {
    await using app = await startTestApp(RoomsModule);
    const work = await app.workload({ ...rooms, steps: 50 });
    await expect(app.history.check(atMostOnce())).rejects.toThrow('A workload is still running.');
    await work.done;
    await app.history.check(atMostOnce());
  });

  test('lets a test wait for a step', async () => {
    await using app = await startTestApp(RoomsModule);
    const work = await app.workload({ ...rooms, steps: 20, pace: 1 });
    await work.reached(10);
    const said = app.history.entries.length;
    await work.reached(20);
    expect(app.history.entries.length).toBeGreaterThan(said);
    await expect(work.reached(21)).rejects.toThrow('The workload has 20 steps, so it does not reach step 21.');
    await work.done;
  });

  test('is a failure if a function of its conversation fails for a connected client', async () => {
    await using app = await startTestApp(RoomsModule);
    const work = await app.workload({ ...rooms, join: () => Promise.reject(new Error('not written yet')), pace: 1 });
    await expect(work.done).rejects.toThrow('not written yet');
    await expect(work.reached(200)).rejects.toThrow('not written yet');
  });

  test('that has failed fails the check', async () => {
    await using app = await startTestApp(RoomsModule);
    let joins = 0;
    const join: typeof rooms.join = (client, room) => {
      joins += 1;
      return joins > 10 ? Promise.reject(new Error('full')) : rooms.join(client, room);
    };
    const work = await app.workload({ ...rooms, join, pace: 1, seed: 1 });
    await expect(work.reached(200)).rejects.toThrow('full');
    await expect(app.history.check(atMostOnce())).rejects.toThrow('full');
  });

  describe('whose app has something to do for a while', () => {
    let isBusy = true;
    const options = { idle: [() => !isBusy], timeout: 1_500 };

    test('pauses again when the app has nothing to do', async () => {
      isBusy = true;
      await using app = await startTestApp(RoomsModule, options);
      const work = await app.workload({ ...rooms, steps: 100, pace: 1 });
      await work.reached(26);
      isBusy = false;
      await work.done;
      expect(app.history.entries.filter(({ kind }) => kind === 'settled')).toHaveLength(3);
    });

    test('waits the whole timeout in its first pause only', async () => {
      isBusy = true;
      await using app = await startTestApp(RoomsModule, options);
      const began = performance.now();
      const work = await app.workload({ ...rooms, steps: 100, pace: 1 });
      await work.done;
      expect(performance.now() - began).toBeLessThan(3 * 1_500);
      isBusy = false;
    });
  });

  test('pauses without a client that cannot connect, which comes back later', async () => {
    await using app = await startTestApp(RoomsModule, { timeout: 1_000 });
    const work = await app.workload({ ...rooms, steps: 150, pace: 1, seed: 1 });
    const [alice] = work.clients;
    await alice!.link.cut();
    await work.reached(100);
    expect(app.history.entries.filter(({ kind }) => kind === 'settled').length).toBeGreaterThan(1);
    const { length } = app.history.entries;
    await alice!.link.heal();
    await work.done;
    const isBack = { kind: 'connected', client: alice!.name };
    expect(app.history.entries.slice(length)).toContainEqual(expect.objectContaining(isBack));
  });

  test('goes without rooms, where every client gets every message', async () => {
    await using app = await startTestApp(PlainChatModule);
    const work = await app.workload({
      say: (client, _room, text) => client.emit('announce', text),
      hears: 'announced',
      steps: 100,
      pace: 1,
    });
    await work.done;
    await app.history.check(atMostOnce(), orderPerSender(), onlyMembers(), everyMember());
  });

  test.for([
    ['workload({ clients }) needs a whole number from 1; got 0.', { clients: 0 }],
    ['workload({ clients }) needs a whole number from 1; got 2.5.', { clients: 2.5 }],
    ['workload({ steps }) needs a whole number from 1; got 0.', { steps: 0 }],
    ['workload({ pace }) needs a whole number from 0; got -1.', { pace: -1 }],
    ['workload({ pace }) needs a whole number from 0; got NaN.', { pace: NaN }],
    ['workload({ rooms }) needs at least one room.', { rooms: [] }],
  ] as const)('refuses wrong options: %s', async ([message, options]) => {
    await using app = await startTestApp(RoomsModule);
    await expect(app.workload({ ...rooms, ...options })).rejects.toThrow(new RangeError(message));
    expect(app.clients).toEqual([]);
  });

  test('goes after another whose clients had the same names', async () => {
    await using app = await startTestApp(RoomsModule);
    const options = {
      ...rooms,
      steps: 40,
      pace: 1,
      seed: 1,
      connect: (index: number) => ({ name: `member ${index}` }),
    };
    const first = await app.workload(options);
    await first.done;
    await Promise.all(first.clients.map((client) => client.disconnect()));
    const second = await app.workload(options);
    await second.done;
    await app.history.check(atMostOnce());
  });

  test('goes beside another, in the same rooms or in another namespace', async () => {
    await using app = await startTestApp(RoomsModule);
    const garden = { namespace: '/garden', reconnection: true, reconnectionDelay: 20 };
    const works = await Promise.all([
      app.workload({ ...rooms, steps: 100, pace: 1, seed: 1 }),
      app.workload({ ...rooms, steps: 100, pace: 1, seed: 2 }),
      app.workload({ ...rooms, steps: 100, pace: 1, seed: 3, connect: () => garden }),
    ]);
    await Promise.all(works.map(({ done }) => done));
    await app.history.check(atMostOnce(), orderPerSender(), onlyMembers(), everyMember());
  });

  test('ends with its app', async () => {
    const app = await startTestApp(RoomsModule);
    const work = await app.workload(rooms);
    await work.reached(5);
    await app.close();
    await expect(work.done).rejects.toThrow('The test ended while the workload was running. Await its `done`.');
    const { length } = app.history.entries;
    await new Promise((resolve) => setImmediate(resolve));
    expect(app.history.entries).toHaveLength(length);
  });

  describe('in an app that tests share', () => {
    let first: { done: Promise<void> };

    shared('is begun by one test', async ({ app }) => {
      first = await app.workload(rooms);
      expect(app.history.entries).not.toEqual([]);
    });

    shared('has ended in the next, and left nothing', async ({ app }) => {
      await expect(first.done).rejects.toThrow('The test ended while the workload was running.');
      expect(app.history.entries).toEqual([]);
      const work = await app.workload({ ...rooms, steps: 50 });
      await work.done;
      await app.history.check(atMostOnce());
    });
  });
});
