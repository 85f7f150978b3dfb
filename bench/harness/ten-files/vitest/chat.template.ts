import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './gateway.js';

const test = realtimeTest(ChatModule);

test('logs who comes', async ({ app, connect }) => {
  const alice = await connect();
  await expect(app).toHaveLogged(`Client connected: ${alice.id}`);
});

test('answers', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('join', 'lobby')).toBe('lobby');
});

test('tells the room', async ({ connect }) => {
  const [alice, bob] = await connect(2);
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await expect(bob).toReceive('said', 'hi');
});

test('tells nobody else', async ({ connect }) => {
  const [alice, carol] = await connect(2);
  alice.emit('say', 'hi');
  await expect(carol).not.toReceive('said');
});

test('answers one after the other', async ({ connect }) => {
  const alice = await connect();
  for (const room of ['a', 'b', 'c']) expect(await alice.emitWithAck('join', room)).toBe(room);
});
