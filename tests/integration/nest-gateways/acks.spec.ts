import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { appOf } from '../support/nest-gateways/app-of.js';

type Answer = (...answer: unknown[]) => void;

@WebSocketGateway()
class AckGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }

  @SubscribeMessage('by hand')
  byHand(@MessageBody() body: unknown, @Ack() ack: Answer): string {
    ack({ byHand: body });
    return 'not to be seen';
  }

  @SubscribeMessage('by hand, later')
  async byHandLater(@MessageBody() fails: boolean, @Ack() ack: Answer): Promise<{ status: string }> {
    await Promise.resolve();
    ack(fails ? { status: 'error', message: 'it failed' } : { status: 'ok' });
    return { status: 'not to be seen' };
  }

  @SubscribeMessage('by hand, much later')
  byHandMuchLater(@Ack() ack: Answer, @ConnectedSocket() client: Socket): string {
    client.once('now', () => {
      ack('at last');
    });
    client.emit('ready');
    return 'not to be seen';
  }

  @SubscribeMessage('by hand, several values')
  severalValues(@Ack() ack: Answer): void {
    ack(1, 'two', { three: 3 });
  }

  @SubscribeMessage('by hand, and an event')
  andAnEvent(@Ack() ack: Answer): WsResponse {
    ack('acked');
    return { event: 'emitted', data: 'too' };
  }

  @SubscribeMessage('is there an ack')
  isThereOne(@Ack() ack: Answer | undefined): WsResponse {
    return { event: 'ack is', data: typeof ack };
  }
}

const test = realtimeTest(appOf(AckGateway), { scope: 'file' });

test('a handler acks a message with and without a payload', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('ping', { any: 'data' })).toBe('pong');
  expect(await alice.emitWithAck('ping')).toBe('pong');
});

test('a handler with @Ack() acks by hand, and its return value is ignored', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('by hand', 'hi')).toEqual({ byHand: 'hi' });
});

test('a handler with @Ack() may ack after it has awaited', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('by hand, later', false)).toEqual({ status: 'ok' });
  expect(await alice.emitWithAck('by hand, later', true)).toEqual({ status: 'error', message: 'it failed' });
});

test('a handler with @Ack() may ack after it has returned', async ({ connect }) => {
  const alice = await connect();
  const answer = alice.emitWithAck('by hand, much later');
  await alice.next('ready');
  alice.emit('now');
  expect(await answer).toBe('at last');
});

test('a handler with @Ack() may ack with several values', async ({ app, connect }) => {
  const alice = await connect();
  const answers: unknown[][] = [];
  alice.emit('by hand, several values', (...values: unknown[]) => answers.push(values));
  await app.settle();
  expect(answers).toEqual([[1, 'two', { three: 3 }]]);
});

test('a handler with @Ack() may also emit an event', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('by hand, and an event')).toBe('acked');
  await expect(alice).toReceiveExactly(['emitted', 'too']);
});

test('@Ack() is a function when the client wants an ack, and undefined when it does not', async ({ connect }) => {
  const alice = await connect();
  alice.emit('is there an ack', 'body', () => {});
  await expect(alice).toReceiveExactly(['ack is', 'function']);
  alice.emit('is there an ack', 'body');
  await expect(alice).toReceiveExactly(['ack is', 'undefined']);
});
