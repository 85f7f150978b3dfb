import { AssertionError } from 'node:assert';
import { assertThat, matchers, startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChatModule } from './support/chat.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp(ChatModule, { timeout: 600 });
});

afterEach(() => Promise.all(app.clients.map((client) => client.disconnect())));

afterAll(() => app.close());

test('a passing assertion resolves, and a failing one rejects with an AssertionError from its own line', async () => {
  const alice = await app.connect();
  await assertThat(alice).toReceive('welcome', { id: alice.id });
  await assertThat(alice).not.toReceive('welcome');
  const failure: unknown = await assertThat(alice)
    .toReceive('welcome')
    .then(undefined, (error: unknown) => error);
  expect(failure).toBeInstanceOf(AssertionError);
  expect((failure as Error).message).toContain('Expected client-1 to receive "welcome" within 600 ms.');
  expect((failure as Error).stack).toMatch(/\n\s+at .+assert-that\.spec\.ts/);
});

test('assertThat accepts the asymmetric matchers of any runner at any depth', async () => {
  const alice = await app.connect();
  const even = { asymmetricMatch: (value: unknown) => Number(value) % 2 === 0 };
  const answer = alice.emitWithAck('echo', { numbers: [1, 2], name: 'a' });
  await assertThat(answer).toBeAcked({ numbers: [1, even], name: expect.any(String) });
  await assertThat(answer).not.toBeAcked({ numbers: [even, even], name: 'a' });
  await assertThat(answer).not.toBeAcked({ numbers: [1, even] });
});

test('the matchers for the expect.extend() of other runners give the same results', async () => {
  const alice = await app.connect({ name: 'alice' });
  // As a runner does, which gives the test what comes of it.
  const run = (state: object) => matchers.toReceive.call(state, alice, 'welcome').then((verdict) => verdict);
  const held = await run({});
  expect(held.pass).toBe(true);
  const denied = await run({ isNot: true });
  expect(denied.pass).toBe(false);
  const failed = await run({});
  expect(failed.message()).toContain('Expected alice to receive "welcome" within 600 ms.');
});

describe('an assertion with an invalid subject or argument', () => {
  test.each([
    [
      'a client',
      () => assertThat({}).toReceive('said'),
      'toReceive() needs a client, as connect() gives it; it got an object: {}.',
    ],
    [
      'a client',
      () => assertThat(null).toBeInRoom('lobby'),
      'toBeInRoom() needs a client, as connect() gives it; it got null.',
    ],
    [
      'an app',
      () => assertThat('app').toHaveLogged('x'),
      "toHaveLogged() needs an app, as startTestApp() or the fixture gives it; it got 'app'.",
    ],
    [
      'clients',
      () => assertThat([]).toBeAllWhoReceive('said'),
      'toBeAllWhoReceive() needs a list of clients, app.room(…) or app.namespace(…); it got an empty list.',
    ],
    [
      'an ack',
      () => assertThat(Promise.resolve()).toBeAcked(),
      'toBeAcked() needs the promise that client.emitWithAck() returns, not awaited; it got another promise.',
    ],
    [
      'an ack that was awaited',
      () => assertThat('ok').toBeAcked(),
      "toBeAcked() needs the promise that client.emitWithAck() returns, not awaited; it got 'ok'.",
    ],
  ])('says that it needs %s', async (_wanted, statement, text) => {
    await expect(Promise.resolve(statement())).rejects.toThrow(text);
  });

  test('says that it needs the name of an event or a list', async () => {
    const alice = await app.connect();
    const nameless = assertThat(alice) as unknown as Record<string, (...args: unknown[]) => Promise<void>>;
    await expect(Promise.resolve(nameless.toReceive?.(1))).rejects.toThrow(
      "toReceive() needs the name of an event, or lists like ['said', 'hi']; it got [ 1 ].",
    );
    await expect(Promise.resolve(nameless.toReceiveExactly?.('said', 'hi'))).rejects.toThrow(
      "toReceiveExactly() needs the name of an event, or lists like ['said', 'hi']; it got 'said'.",
    );
    await expect(Promise.resolve(nameless.toReceiveInOrder?.())).rejects.toThrow(
      'toReceiveInOrder() needs at least one event; that nothing is received says toReceiveExactly().',
    );
    await expect(Promise.resolve(nameless.toBeInRooms?.('lobby'))).rejects.toThrow(
      "toBeInRooms() needs a list of rooms, like ['lobby']; it got 'lobby'.",
    );
  });
});

test('toBeRefused rejects an expected message that is neither a text nor a pattern', async () => {
  const refusal = assertThat(app.connect({ namespace: 'nowhere' })) as unknown as {
    toBeRefused(expected: object): Promise<void>;
  };
  await expect(Promise.resolve(refusal.toBeRefused({ stage: 'gateway' }))).rejects.toThrow(
    "Expected a text or a pattern to look for; got { stage: 'gateway' }.",
  );
});

test('an assertion that is awaited together with app.close() does not count as unawaited', async () => {
  const other = await startTestApp(ChatModule);
  const alice = await other.connect();
  await Promise.all([assertThat(alice).toBeDisconnected(), other.close()]);
});

test('a client gets a number after its name when another client of its namespace has that name', async () => {
  const open = { name: 'zoe' };
  const [first, second] = await Promise.all([app.connect(open), app.connect(open)]);
  expect([first.name, second.name]).toEqual(['zoe', 'zoe (2)']);
  await first.disconnect();
  expect((await app.connect(open)).name).toBe('zoe');
  expect((await app.connect({ ...open, namespace: '/news' })).name).toBe('zoe');
});

describe('an audience', () => {
  test('fails its assertion when it is empty', async () => {
    await app.connect();
    await expect(Promise.resolve(assertThat(app.room('attic')).toBeAllWhoReceive('said'))).rejects.toThrow(
      /Expected room 'attic' \(nobody\), and nobody else, to receive "said" within 600 ms\.\n {2}but:\n {4}there is nobody/,
    );
  });

  test('has the members that are in the room when nothing is in flight', async () => {
    const [alice, bob] = await app.connect(2);
    await alice.emitWithAck('join', 'lobby');
    bob.emit('join', 'lobby');
    alice.emit('say', 'hi');
    bob.emit('say', 'ho');
    await assertThat(app.room('lobby').except(bob)).toBeAllWhoReceive('said', 'ho');
  });
});

test.each([
  ['toReceiveExactly', (client: TestClient) => assertThat(client).toReceiveExactly()],
  ['toReceiveTimes', (client: TestClient) => assertThat(client).toReceiveTimes(0, 'said')],
])('%s fails for a disconnected client, because its silence proves nothing', async (_statement, state) => {
  const alice = await app.connect({ name: 'alice' });
  await alice.next('welcome');
  await alice.disconnect();
  await expect(Promise.resolve(state(alice))).rejects.toThrow('but: that proves nothing, since alice is gone');
});

test('a waiting assertion fails at once when the connection of its client closes', async () => {
  const alice = await app.connect({ name: 'alice', timeout: 60_000 });
  const waiting = assertThat(alice).toReceive('never');
  app.io.sockets.sockets.get(alice.id)?.conn.close();
  await expect(Promise.resolve(waiting)).rejects.toThrow('alice is gone: transport close');
  await app.settle();
});

test('an ack assertion about a disconnected client fails with the disconnect reason', async () => {
  const alice = await app.connect({ name: 'alice' });
  await alice.disconnect();
  await expect(Promise.resolve(assertThat(alice.emitWithAck('echo')).toBeAcked())).rejects.toThrow(
    /but alice is gone: io client disconnect/,
  );
});

test('an assertion that cannot be decided because a handler does not end says what it expected', async () => {
  const [alice, bob] = [await app.connect({ name: 'alice' }), await app.connect({ name: 'bob' })];
  alice.emit('say-late', 'hi');
  await expect(Promise.resolve(assertThat(bob).not.toReceive('said'))).rejects.toThrow(
    /^Expected bob not to receive "said", which cannot be told: The app did not settle within 600 ms\.\n {2}it waited for:\n {4}handler of "say-late" for alice/,
  );
  await app.settle({ timeout: 3_000 });
});

describe('events, payloads and acks', () => {
  test('one event satisfies one of two waits, and the other fails because the event was taken', async () => {
    const alice = await app.connect({ name: 'alice' });
    await alice.next('welcome');
    const waits = [alice.next('announced'), alice.next('announced')];
    alice.emit('announce', 'once');
    const [first, second] = await Promise.allSettled(waits);
    expect(first).toMatchObject({ status: 'fulfilled', value: ['once'] });
    expect((second as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(
        /but:\n {4}alice got "announced" \('once'\) at .+, which an expectation or next\(\) has taken already/,
      ),
    });
  });

  test('a payload that cannot be sent throws at the sender, and the client stays connected', async () => {
    const alice = await app.connect();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const text = 'client-1 cannot send "echo" with these arguments: they are circular, or nested too deeply.';
    expect(() => alice.emit('echo', circle)).toThrow(text.replace('client-1', alice.name));
    await expect(alice.emitWithAck('echo', circle)).rejects.toThrow(text.replace('client-1', alice.name));
    expect(() => alice.emit('echo', 1n)).toThrow(/with these arguments: .+BigInt/);
    expect(alice.pendingAcks).toEqual([]);
    await assertThat(alice.emitWithAck('echo', 1)).toBeAcked(1);
  });

  test('binary payloads are compared, and shown in the failure', async () => {
    const alice = await app.connect({ name: 'alice' });
    const echo = alice.emitWithAck('echo', Buffer.from('abc'));
    await assertThat(echo).toBeAcked(Buffer.from('abc'));
    await expect(Promise.resolve(assertThat(echo).toBeAcked(Buffer.from('abd')))).rejects.toThrow(
      /- <Buffer 61 62 64>\n.+\+ <Buffer 61 62 63>/,
    );
  });

  test('pendingAcks lists the events that wait for an ack, and a failure names them', async () => {
    const alice = await app.connect({ name: 'alice' });
    alice.socket.emit('ponder', 'life', () => {});
    expect(alice.pendingAcks).toMatchObject([{ event: 'ponder', args: ['life'] }]);
    await expect(Promise.resolve(assertThat(alice).toReceive('said'))).rejects.toThrow(
      /without an ack:\n(?: {4}.+\n)* {4}alice's "ponder" \('life'\)\n/,
    );
  });

  test('a failure says how late an event arrived after the deadline', async () => {
    const [alice, bob] = [await app.connect({ name: 'alice' }), await app.connect({ name: 'bob' })];
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say-late', 'hi');
    await expect(Promise.resolve(assertThat(bob).toReceive('said', 'hi'))).rejects.toThrow(
      /within 600 ms\.\n {2}too late: bob got "said" \('hi'\) at .+, caused by alice's "say-late", \d+ ms after the deadline\n/,
    );
  });
});
