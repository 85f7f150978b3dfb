import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './support/chat.js';

const test = realtimeTest(ChatModule);

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']] as const) {
  test(`an event for a room reaches its members, and no other client (${transports.join(' to ')})`, async ({
    connect,
  }) => {
    const [alice, bob, carol] = await connect(3, { transports: [...transports] });
    await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
    alice.emit('say', 'hi');
    await expect(bob).toReceive('said', 'hi');
    await expect(carol).not.toReceive('said');
    expect(bob.received('said')).toEqual([['hi']]);
  });
}

test('an event for a namespace reaches no client of another namespace', async ({ connect }) => {
  const [reader, chatter] = [await connect({ namespace: '/news' }), await connect()];
  reader.emit('publish', 'Socket.IO 5');
  await expect(reader).toReceive('headline', 'Socket.IO 5');
  await expect(chatter).not.toReceive('headline');
});

test('the timeline shows a room that a middleware joined, and a broadcast to an empty room', async ({
  app,
  connect,
}) => {
  app.io.use((socket, next) => {
    void socket.join('user:1');
    next();
  });
  const alice = await connect({ name: 'alice' });
  await expect(alice).toBeInRooms(['user:1']);
  expect(app.timeline.print()).toContain("alice joined room 'user:1'");
  app.io
    .to('empty')
    .timeout(10)
    .emit('question', () => {});
  await app.settle();
  expect(app.timeline.print()).toContain(`"question" () emitted to room 'empty', where nobody got it`);
});
