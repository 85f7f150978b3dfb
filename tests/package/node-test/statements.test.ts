import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { assertThat, startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp(ChatModule, { timeout: 1_000 });
});

afterEach(() => app.close());

test('assertions hold where they should', async () => {
  const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  await assertThat(bob).toBeInRooms(['lobby']);
  alice.emit('say', 'hi');
  await assertThat([bob]).toBeAllWhoReceive('said', 'hi');
  await assertThat(carol).not.toReceive('said');
  await assertThat(alice.emitWithAck('join', 'attic')).toBeAcked('attic');
  await assertThat(alice.emitWithAck('say', 'ho')).toBeAcked();
  await assertThat(alice.emitWithAck('shout', 'ho')).not.toBeAcked();
  await assertThat(alice.emitWithAck('shout', 'ho')).toRaiseException('No handler for this event');
  await assertThat(app.connect({ namespace: 'nowhere' })).toBeRefused('Invalid namespace');
  await assertThat(app).not.toHaveLoggedErrors();
});

test('and tell what there was instead where they do not', async () => {
  const [alice, bob] = await app.connect(2, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await assert.rejects(
    async () => assertThat(bob).toReceive('said', 'ho'),
    /Expected client-2 to receive "said" \('ho'\)[^]+- 'ho'\n +\+ 'hi'/,
  );
});
