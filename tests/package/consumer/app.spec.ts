import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './chat.module.js';

interface ClientToServer {
  say: (text: string) => void;
}

const test = realtimeTest<Record<string, (...args: unknown[]) => void>, ClientToServer>(ChatModule);

test('logs who comes and who goes', async ({ app, connect }) => {
  const alice = await connect();
  const { id } = alice;
  await expect(app).toHaveLogged(`Client connected: ${id}`);
  await alice.disconnect();
  await expect(app).toHaveLogged(`Client disconnected: ${id}`);
});

test('a namespace that does not exist is refused', async ({ connect }) => {
  await expect(connect({ namespace: 'nowhere' })).toBeRefused('Invalid namespace');
});

test('a wrong event is refused by the compiler', async ({ app, connect }) => {
  const alice = await connect();
  app.allowRefusals('there is no handler for it');
  // @ts-expect-error -- there is no such event
  alice.emit('shout', 'hi');
  // @ts-expect-error -- a text, not a number
  alice.emit('say', 1);
});
