import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './chat.module.js';

const test = realtimeTest(ChatModule);

test('tells the room, and nobody else', async ({ connect }) => {
  const [alice, bob, carol] = await connect(3, { namespace: 'chat' });
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  alice.emit('say', 'hi');
  await expect(bob).toReceive('said', 'hi');
  await expect(carol).not.toReceive('said');
});
