import { realtimeTest, expect as realtimeExpect } from 'nest-realtime-kit/testing/vitest';
import { assertThat, startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expectTypeOf, test } from 'vitest';

/*
 * What the compiler has to accept and to refuse; `pnpm typecheck` is what fails. Nothing here is run: the functions
 * are there to be checked.
 */

interface ServerToClient {
  said: (text: string, at: number) => void;
  ask: (question: string, answer: (yes: boolean) => void) => void;
}

interface ClientToServer {
  say: (text: string) => void;
  join: (room: string, ack: (joined: string) => void) => void;
}

interface Namespaces {
  '/news': {
    serverToClient: { headline: (text: string) => void };
    clientToServer: { publish: (headline: string) => void };
  };
}

class AppModule {}

async function clients(app: TestApp<ServerToClient, ClientToServer, Namespaces>): Promise<void> {
  const alice = await app.connect({ name: 'alice' });
  expectTypeOf(alice).toEqualTypeOf<TestClient<ServerToClient, ClientToServer>>();
  alice.emit('say', 'hi');
  // @ts-expect-error -- there is no such event
  alice.emit('shout', 'hi');
  // @ts-expect-error -- a text, not a number
  alice.emit('say', 1);
  expectTypeOf(await alice.emitWithAck('join', 'lobby')).toEqualTypeOf<string>();
  expectTypeOf(await alice.next('said')).toEqualTypeOf<[text: string, at: number]>();
  expectTypeOf(alice.received('said')).toEqualTypeOf<[text: string, at: number][]>();
  // @ts-expect-error -- the server does not send that
  await alice.next('say');

  const [bob, carol] = await app.connect(2);
  expectTypeOf(bob).toEqualTypeOf<typeof carol>();
  // @ts-expect-error -- two were asked for
  const [, , _third] = await app.connect(2);

  for (const reader of [await app.connect({ namespace: '/news' }), await app.connect({ namespace: 'news' })]) {
    reader.emit('publish', 'a headline');
    expectTypeOf(await reader.next('headline')).toEqualTypeOf<[text: string]>();
    // @ts-expect-error -- that is of another namespace
    reader.emit('say', 'hi');
  }
  await app.connect({ on: { said: (text) => expectTypeOf(text).toEqualTypeOf<string>() } });
  await app.connect({
    namespace: '/news',
    on: { headline: (text) => expectTypeOf(text).toEqualTypeOf<string>() },
  });
}

async function histories(app: TestApp<ServerToClient, ClientToServer>): Promise<void> {
  const { say, join } = app.history.record({
    say: (client, _room, message) => client.emit('say', message),
    join: (client, room) => client.emitWithAck('join', room),
    hears: 'said',
  });
  const alice = await app.connect();
  expectTypeOf(await join(alice, 'lobby')).toEqualTypeOf<string>();
  say(alice, 'lobby', 'hi');
  // @ts-expect-error -- there is no such event
  app.history.record({ say: (client) => client.emit('shout'), hears: 'said' });
  // @ts-expect-error -- joining has an end
  await app.workload({ say: (client) => client.emit('say', 'hi'), join: () => {}, hears: 'said' });
}

async function statements(
  app: TestApp<ServerToClient, ClientToServer>,
  bob: TestClient<ServerToClient, ClientToServer>,
): Promise<void> {
  for (const expect of [realtimeExpect, assertThat]) {
    await expect(bob).toReceive('said');
    await expect(bob).toReceive('said', 'hi', 1);
    await expect(bob).not.toReceive('said', realtimeExpect.any(String), 1);
    // What gives the ack is no argument of the statement.
    await expect(bob).toReceive('ask', 'why');
    await expect(bob).toReceiveExactly(['said', 'hi', 1], ['ask']);
    await expect([bob]).toBeAllWhoReceive('said');
    await expect(app.room('lobby')).toBeAllWhoReceive('said');
    await expect(app).toHaveLogged('text', { level: 'error', by: bob });
    // @ts-expect-error -- the server does not send that
    await expect(bob).toReceive('spoken');
    // @ts-expect-error -- a text and a number
    await expect(bob).toReceive('said', 1, 1);
    // @ts-expect-error -- one is missing
    await expect(bob).toReceive('said', 'hi');
    // @ts-expect-error -- the server does not send that
    await expect(bob).toReceiveInOrder(['spoken']);
    // @ts-expect-error -- there is no such level
    await expect(app).toHaveLogged('text', { level: 'bad' });
  }
}

async function untyped(): Promise<void> {
  const app = await startTestApp(AppModule);
  const alice = await app.connect();
  alice.emit('anything', 1, 'two');
  const [first] = await alice.next('anything');
  expectTypeOf(first).toBeUnknown();
  await assertThat(alice).toReceive('anything', 1);
}

function fixtures(): void {
  const typed = realtimeTest<ServerToClient, ClientToServer, Namespaces>(AppModule);
  typed('a test', async ({ connect }) => {
    const [reader] = await connect(1, { namespace: '/news' });
    await realtimeExpect(reader).toReceive('headline', 'news');
    // @ts-expect-error -- that is of another namespace
    await realtimeExpect(reader).toReceive('said');
  });
}

test('event maps type the clients of an app and the assertions about them', () => {
  expectTypeOf(clients).toBeFunction();
  expectTypeOf(histories).toBeFunction();
  expectTypeOf(statements).toBeFunction();
  expectTypeOf(untyped).toBeFunction();
  expectTypeOf(fixtures).toBeFunction();
});
