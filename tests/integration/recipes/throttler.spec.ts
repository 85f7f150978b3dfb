import { Module, UseGuards } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { AppModule } from './throttler.js';

const test = realtimeTest(AppModule);

const refused = {
  status: 'error',
  code: 'TOO_MANY_REQUESTS',
  message: 'ThrottlerException: Too Many Requests',
};

test('an event over its limit is refused in the ack', async ({ connect }) => {
  const alice = await connect();
  for (const text of ['one', 'two', 'three']) expect(await alice.emitWithAck('say', text)).toBe(text);
  expect(await alice.emitWithAck('say', 'four')).toEqual(refused);
});

test('an event over its limit is refused by "exception" when it has no ack', async ({ connect }) => {
  const alice = await connect();
  for (let sent = 0; sent < 4; sent += 1) alice.emit('say', 'hi');
  await expect(alice).toReceiveExactly(['exception', { ...refused, event: 'say' }]);
});

test('each client and each event has its own limit', async ({ connect }) => {
  const [alice, bob] = await connect(2);
  for (let sent = 0; sent < 3; sent += 1) await alice.emitWithAck('say', 'hi');
  expect(await alice.emitWithAck('say', 'hi')).toEqual(refused);
  expect(await bob.emitWithAck('say', 'hi')).toBe('hi');
  for (let sent = 0; sent < 101; sent += 1) expect(await alice.emitWithAck('typing')).toBeUndefined();
});

test('an HTTP request is counted by its address, and its response has the headers', async ({ app }) => {
  const { headers } = await fetch(`${app.url}/status`);
  expect(headers.get('x-ratelimit-limit')).toBe('100');
  expect(headers.get('x-ratelimit-remaining')).toBe('99');
});

describe('ThrottlerGuard without a subclass', () => {
  @UseGuards(ThrottlerGuard)
  @WebSocketGateway()
  class UnadaptedGateway {
    @SubscribeMessage('say')
    say(): string {
      return 'said';
    }
  }

  @Module({
    imports: [ThrottlerModule.forRoot([{ limit: 1, ttl: 60_000 }]), WebsocketModule],
    providers: [UnadaptedGateway],
  })
  class UnadaptedModule {}

  const unadapted = realtimeTest(UnadaptedModule, { scope: 'test' });

  unadapted('counts all clients as one', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    expect(await alice.emitWithAck('say', 'hi')).toBe('said');
    expect(await bob.emitWithAck('say', 'hi')).toEqual(refused);
  });

  unadapted('fails on an event without data', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('say')).toMatchObject({ code: 'INTERNAL_ERROR' });
    await expect(app).toHaveLogged(/reading 'header'/, { level: 'error' });
  });
});
