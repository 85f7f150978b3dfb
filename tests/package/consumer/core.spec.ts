import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, test } from 'vitest';
import { ChatModule } from './chat.module.js';

interface ServerToClient {
  said: (text: string) => void;
}

interface ClientToServer {
  join: (room: string, ack: (room: string) => void) => void;
  say: (text: string) => void;
}

test('the core needs no fixtures, and knows the events', async () => {
  const app = await startTestApp<ServerToClient, ClientToServer>(ChatModule);
  try {
    const [alice, bob] = await app.connect(2, { namespace: 'chat' });
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', 'hi');
    const [text] = await bob.next('said');
    expect(text.toUpperCase()).toBe('HI');
    await app.settle();
    expect(bob.received('said')).toEqual([['hi']]);
  } finally {
    await app.close();
  }
});
