import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { AppModule } from './app.module.js';

interface ServerToClient {
  said: (text: string) => void;
}

interface ClientToServer {
  join: (room: string, ack: (room: string) => void) => void;
  say: (text: string) => void;
}

const test = realtimeTest<ServerToClient, ClientToServer>(AppModule);

test('logs who comes and who goes', async ({ app, connect }) => {
  const alice = await connect();
  const { id } = alice;
  await expect(app).toHaveLogged(`Client connected: ${id}`);
  await alice.disconnect();
  await expect(app).toHaveLogged(`Client disconnected: ${id}`);
});

test('tells the room, and nobody else', async ({ connect }) => {
  const [alice, bob, carol] = await connect(3, { namespace: 'chat' });
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  alice.emit('say', 'hi');
  await expect(bob).toReceive('said', 'hi');
  await expect(carol).not.toReceive('said');
});

test('the core needs no test runner', async () => {
  const app = await startTestApp<ServerToClient, ClientToServer>(AppModule);
  try {
    const [alice, bob] = await app.connect(2, { namespace: 'chat' });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', 'hi');
    const [text] = await bob.next('said');
    expect(text.toUpperCase()).toBe('HI');
    // @ts-expect-error -- there is no such event
    alice.emit('shout', 'hi');
    // @ts-expect-error -- a text, not a number
    alice.emit('say', 1);
    await app.settle();
    expect(bob.received('said')).toEqual([['hi'], [1]]);
  } finally {
    await app.close();
  }
});

test('a namespace that does not exist is refused', async ({ connect }) => {
  await expect(connect({ namespace: 'nowhere' })).toBeRefused('Invalid namespace');
});
