import { test } from 'node:test';
import { assertThat, startTestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

test('many clients connect in a process of their own', async () => {
  const app = await startTestApp(ChatModule);
  try {
    const alice = await app.connect({ namespace: 'chat' });
    const crowd = await app.connectMany(10, { namespace: 'chat' });
    await crowd.emitWithAck('join', 'lobby');
    alice.emit('say', 'hi');
    await assertThat(crowd).toReceiveTimes(1, 'said', 'hi');
    await assertThat(crowd).not.toReceive('said');
  } finally {
    await app.close();
  }
});
