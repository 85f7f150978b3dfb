import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { of } from 'rxjs';
import { describe } from 'vitest';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('echo later')
  async later(@MessageBody() data: unknown): Promise<unknown> {
    return data;
  }

  @SubscribeMessage('echo a stream')
  stream(@MessageBody() data: unknown): unknown {
    return of(data);
  }

  @SubscribeMessage('echo a copy')
  copy(@MessageBody() data: object): unknown {
    return { ...data, at: 1 };
  }

  @SubscribeMessage('echo a part')
  part(@MessageBody('part') part: unknown): unknown {
    return part;
  }

  @SubscribeMessage('echo a clone')
  clone(@MessageBody() data: unknown): unknown {
    return structuredClone(data);
  }

  @SubscribeMessage('echo what a text says')
  parse(@MessageBody() text: string): unknown {
    return JSON.parse(text);
  }

  @SubscribeMessage('echo what bytes say')
  decode(@MessageBody() bytes: Buffer): unknown {
    return JSON.parse(bytes.toString());
  }

  @SubscribeMessage('echo the handshake')
  handshake(@ConnectedSocket() client: Socket): unknown {
    return client.handshake.auth.chosen;
  }

  @SubscribeMessage('broadcast')
  broadcast(@MessageBody() data: unknown): unknown {
    return { event: 'said', data };
  }

  @SubscribeMessage('message')
  message(@MessageBody() data: unknown): unknown {
    return { event: 'message', data };
  }

  @SubscribeMessage('several')
  several(@MessageBody() data: unknown[]): unknown {
    return { count: data.length };
  }
}

@Module({ imports: [WebsocketModule], providers: [EchoGateway] })
class AppModule {}

const test = realtimeTest(AppModule, { scope: 'file' });

const chosen = { event: 'granted', data: 'admin' };

test.for<[event: string, payload: unknown]>([
  ['echo', chosen],
  ['echo', { event: 'disconnect', data: 1 }],
  ['echo', { event: { toString: 'x' }, data: 1 }],
  ['echo later', chosen],
  ['echo a stream', chosen],
])(
  'an object that the client sent and the handler returns is the ack, not an event (%s)',
  async ([event, payload], { connect }) => {
    const [alice, bob] = await connect(2);
    await expect(alice.emitWithAck(event, payload)).toBeAcked(payload);
    await expect(alice).not.toReceive('granted');
    await expect(bob).not.toReceive('granted');
  },
);

test.for<[event: string, payload: unknown]>([
  ['echo a copy', chosen],
  ['echo a clone', { ...chosen, deeper: [chosen] }],
  ['echo what a text says', JSON.stringify(chosen)],
  ['echo what bytes say', Buffer.from(JSON.stringify(chosen))],
  ['echo the handshake', 1],
])(
  'an { event, data } that the app makes is emitted only to the sender (%s)',
  async ([event, payload], { connect }) => {
    const [alice, bob] = await connect(2, { auth: event === 'echo the handshake' ? { chosen } : {} });
    alice.emit(event, payload);
    await expect(alice).toReceive('granted', 'admin');
    await expect(bob).not.toReceive('granted');
  },
);

test('a name that Socket.IO reserves is answered with an error, and not emitted', async ({ app, connect }) => {
  app.logs.allowErrors(/reserved event name/);
  const alice = await connect();
  await expect(alice.emitWithAck('echo a copy', { event: 'disconnect' })).toBeAcked(
    expect.objectContaining({ code: 'INTERNAL_ERROR' }),
  );
  await expect(alice).toBeConnected();
});

test('a payload that names an event does not change the event that the app emits', async ({ connect }) => {
  const alice = await connect();
  alice.emit('broadcast', 'an "event" such as "said"');
  await expect(alice).toReceive('said', 'an "event" such as "said"');
  alice.emit('broadcast', { event: 'said' });
  await expect(alice).toReceive('said', { event: 'said' });
});

describe('an event that a handler returns', () => {
  test('is emitted with the payload of the client as its data', async ({ connect }) => {
    const alice = await connect();
    alice.emit('broadcast', chosen);
    await expect(alice).toReceive('said', chosen);
  });

  test('is emitted when the payload contains its name', async ({ connect }) => {
    const alice = await connect();
    alice.emit('message', 'the event message');
    await expect(alice).toReceive('message', 'the event message');
  });
});

describe('several arguments', () => {
  test.for<[sent: unknown[]]>([
    [[1, '2', { 3: [true] }]],
    [['a', Buffer.from([1, 2, 3]), null]],
    [[[1, 2]]],
    [[[]]],
    [[undefined, 1]],
    [[1]],
  ])('%j come back in an ack as they were sent', async ([sent], { connect }) => {
    const alice = await connect();
    const answer = await new Promise<unknown[]>((resolve) => {
      alice.socket.emit('echo', ...sent, (...args: unknown[]) => resolve(args));
    });
    expect(answer).toEqual(sent.map((argument) => argument ?? null));
  });

  test('come back in an event as they were sent', async ({ connect }) => {
    const alice = await connect();
    alice.emit('broadcast', 1, [2], 'three');
    await expect(alice).toReceive('said', 1, [2], 'three');
    alice.emit('broadcast', [1, 2]);
    await expect(alice).toReceive('said', [1, 2]);
  });

  test('reach the handler as a list', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('several', 'a', 'b', 'c')).toBeAcked({ count: 3 });
  });
});
