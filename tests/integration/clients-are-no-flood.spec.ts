import { Module } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { test } from 'vitest';

@WebSocketGateway()
class GreetingGateway {
  @SubscribeMessage('hi')
  hi(@ConnectedSocket() client: Socket): void {
    client.broadcast.emit('hi');
  }
}

@Module({ imports: [WebsocketModule], providers: [GreetingGateway] })
class GreetingModule {}

@Module({
  imports: [WebsocketModule.forRoot({ limits: { connectRate: { burst: 2, perSecond: 1 } } })],
  providers: [GreetingGateway],
})
class LimitedModule {}

test('the clients of 120 tests that share an app are no flood', async () => {
  await using app = await startTestApp(GreetingModule);
  for (let round = 0; round < 120; round += 1) {
    const [alice, bob, carol] = await app.connect(3);
    alice.emit('hi');
    await expect([bob, carol]).toBeAllWhoReceive('hi');
    await Promise.all([alice, bob, carol].map((client) => client.disconnect()));
  }
});

test('nor are 600 at a time', async () => {
  await using app = await startTestApp(GreetingModule);
  expect(await app.connect(600)).toHaveLength(600);
});

test('a limit that the app has set itself holds for them too', async () => {
  await using app = await startTestApp(LimitedModule);
  await app.connect(2);
  await expect(app.connect()).toBeRefused(/faster than it may/);
});
