import { test } from 'node:test';
import { assertThat, startTestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

test('tells the room, and nobody else', async () => {
  const app = await startTestApp(ChatModule);
  try {
    const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', 'hi');
    await assertThat(bob).toReceive('said', 'hi');
    await assertThat(carol).not.toReceive('said');
  } finally {
    await app.close();
  }
});
