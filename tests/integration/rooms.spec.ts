import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './support/chat.js';

const test = realtimeTest(ChatModule);

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']] as const) {
  test(`tells the room, and nobody else (${transports.join(' to ')})`, async ({ connect }) => {
    const [alice, bob, carol] = await connect(3, { transports: [...transports] });
    await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
    alice.emit('say', 'hi');
    await expect(bob).toReceive('said', 'hi');
    await expect(carol).not.toReceive('said');
    expect(bob.received('said')).toEqual([['hi']]);
  });
}

test('keeps a namespace to itself', async ({ connect }) => {
  const [reader, chatter] = [await connect({ namespace: '/news' }), await connect()];
  reader.emit('publish', 'Socket.IO 5');
  await expect(reader).toReceive('headline', 'Socket.IO 5');
  await expect(chatter).not.toReceive('headline');
});
