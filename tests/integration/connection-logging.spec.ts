import { WebsocketModule } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule } from './support/chat.js';

const test = realtimeTest(ChatModule);

test('logs each connect and each disconnect', async ({ app, connect }) => {
  const alice = await connect();
  const { id } = alice;
  await expect(app).toHaveLogged(`Client connected: ${id}`);
  await alice.disconnect();
  await expect(app).toHaveLogged(`Client disconnected: ${id}`);
});

test('logs each line once, at level log, under EventsGateway, with the details of the client', async ({
  app,
  connect,
}) => {
  const alice = await connect({ name: 'alice' });
  await alice.disconnect();
  await app.settle();

  expect(app.logs.entries.filter(({ context }) => context === 'EventsGateway')).toEqual([
    expect.objectContaining({ level: 'log', message: 'WebSocket Gateway initialized', params: [] }),
    expect.objectContaining({
      level: 'log',
      message: `Client connected: ${alice.id}`,
      params: [{ namespace: '/', transport: 'websocket', address: '127.0.0.1' }],
      cause: expect.objectContaining({ client: 'alice', event: 'connection' }),
    }),
    expect.objectContaining({
      level: 'log',
      message: `Client disconnected: ${alice.id}`,
      params: [
        {
          namespace: '/',
          transport: 'websocket',
          address: '127.0.0.1',
          reason: 'client namespace disconnect',
          durationMs: expect.any(Number),
        },
      ],
      cause: expect.objectContaining({ client: 'alice', event: 'disconnect' }),
    }),
  ]);
});

test('logs the clients of a gateway that extends EventsGateway under its own name and namespace', async ({
  app,
  connect,
}) => {
  const alice = await connect({ namespace: 'news' });
  await expect(app).toHaveLogged(`Client connected: ${alice.id}`, { level: 'log', context: 'NewsGateway' });
  await expect(app).not.toHaveLogged(`Client connected: ${alice.id}`, { context: 'EventsGateway' });
});

describe('logDetails: false', () => {
  const quietTest = realtimeTest(WebsocketModule.forRoot({ logDetails: false }));

  quietTest('logs the message without details', async ({ app, connect }) => {
    const alice = await connect();
    expect(app.logs.entries.find(({ message }) => message === `Client connected: ${alice.id}`)?.params).toEqual([]);
  });
});
