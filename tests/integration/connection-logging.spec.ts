import { Module } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, test } from 'vitest';

@Module({ imports: [WebsocketModule] })
class AppModule {}

test('logs who comes and who goes', async () => {
  await using app = await startTestApp(AppModule);
  const alice = await app.connect({ name: 'alice' });
  await alice.disconnect();
  const logged = app.logs.entries.filter(({ context }) => context === 'EventsGateway');
  expect(logged).toMatchObject([
    { level: 'log', message: 'WebSocket Gateway initialized', attributed: true },
    { level: 'log', message: `Client connected: ${alice.id}`, cause: { client: 'alice', event: 'connection' } },
    { level: 'log', message: `Client disconnected: ${alice.id}`, cause: { client: 'alice', event: 'disconnect' } },
  ]);
  await app.settle();
});
