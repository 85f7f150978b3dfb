import { matchers, startTestApp, type RealtimeMatchers, type TestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Jest declares it so
  namespace jest {
    // oxlint-disable-next-line no-unused-vars, typescript/no-empty-object-type -- Jest declares it so
    interface Matchers<R, T> extends RealtimeMatchers<T> {}
  }
}

expect.extend(matchers);

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp(ChatModule, { timeout: 1_000 });
});

afterEach(() => app.close());

test('the matchers hold where they should', async () => {
  const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  await expect(bob).toBeInRooms(['lobby']);
  alice.emit('say', 'hi');
  await expect([bob]).toBeAllWhoReceive('said', expect.stringMatching(/^h/));
  await expect(carol).not.toReceive('said');
  await expect(alice.emitWithAck('join', 'attic')).toBeAcked('attic');
  await expect(alice.emitWithAck('say', 'ho')).toBeAcked();
  await expect(alice.emitWithAck('shout', 'ho')).not.toBeAcked();
  await expect(alice.emitWithAck('shout', 'ho')).toRaiseException('No handler for this event');
  await expect(app.connect({ namespace: 'nowhere' })).toBeRefused('Invalid namespace');
  await expect(app).not.toHaveLoggedErrors();
});

test('and tell what there was instead where they do not', async () => {
  const [alice, bob] = await app.connect(2, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await expect(expect(bob).toReceive('said', 'ho')).rejects.toThrow(
    /Expected client-2 to receive "said" \('ho'\)[^]+- 'ho'\n +\+ 'hi'/,
  );
});

test('a matcher that nobody awaits fails app.close()', async () => {
  const other = await startTestApp(ChatModule, { timeout: 1_000 });
  const alice = await other.connect({ namespace: 'chat' });
  // oxlint-disable-next-line typescript/no-floating-promises -- what the test is about
  expect(alice).not.toReceive('said');
  await expect(other.close()).rejects.toThrow('was not awaited: await expect(…).toReceive(…)');
});
