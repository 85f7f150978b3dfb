import { once } from 'node:events';
import { HttpException, Module, type PipeTransform } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer, WsException } from '@nestjs/websockets';
import { WebsocketModule, type Namespace, type Socket } from 'nest-realtime-kit';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { NEVER, finalize, throwError, type Observable } from 'rxjs';
import * as msgpack from 'socket.io-msgpack-parser';
import { describe } from 'vitest';

/** An object that cannot be made a text, as JSON can have it. */
const noText = { toString: 1, valueOf: 1 };

const internalError = { status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' };

interface Data {
  code: string;
  status: number;
  room: string;
  name: string;
}

class AsyncPipe implements PipeTransform<string> {
  async transform(value: string): Promise<string> {
    return value.trim();
  }
}

class TrimPipe implements PipeTransform<string> {
  transform(value: string): string {
    return value.trim();
  }
}

/** Handlers as one writes them, who trust in what a client sends. */
@WebSocketGateway()
class TrustingGateway {
  @WebSocketServer() readonly server!: Namespace;

  afterInit(server: Namespace): void {
    server.use((client, next) => {
      const { refusal, unencodable } = client.handshake.auth as { refusal?: Error; unencodable?: boolean };
      if (unencodable) next(Object.assign(new Error('no'), { data: { count: 1n } }));
      else if (refusal) next(refusal);
      else next();
    });
  }

  handleConnection(client: Socket): void {
    client.use(([, data], next) => {
      const { refusal } = (data ?? {}) as { refusal?: Error };
      if (refusal) next(refusal);
      else next();
    });
    client.onAnyOutgoing((_: string, data: { text: string }) => {
      if (client.handshake.auth.listens) data.text.trim();
    });
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('throw it')
  throwIt(@MessageBody() data: unknown): void {
    throw data;
  }

  @SubscribeMessage('reject with it')
  async rejectWithIt(@MessageBody() data: unknown): Promise<void> {
    throw data;
  }

  @SubscribeMessage('fail a stream with it')
  failStream(@MessageBody() data: unknown): Observable<never> {
    return throwError(() => data);
  }

  @SubscribeMessage('throw an error made of it')
  throwMade(@MessageBody() data: object): void {
    throw Object.assign(new Error(''), data);
  }

  @SubscribeMessage('throw with its code')
  throwCode(@MessageBody() { code }: Data): void {
    throw Object.assign(new WsException('no'), { code });
  }

  @SubscribeMessage('throw with its status')
  throwStatus(@MessageBody() { status }: Data): void {
    throw new HttpException('no', status);
  }

  @SubscribeMessage('throw what cannot be encoded')
  throwUnencodable(): void {
    throw new WsException({ message: 'no', count: 1n });
  }

  @SubscribeMessage('two pipes')
  twoPipes(
    @MessageBody('first', AsyncPipe) first: string,
    @MessageBody('second', TrimPipe) second: string,
    @MessageBody('third', AsyncPipe) third: string,
  ): string {
    return first + second + third;
  }

  @SubscribeMessage('clean up')
  cleanUp(@MessageBody() { name }: Data): Observable<never> {
    return NEVER.pipe(finalize(() => name.trim()));
  }

  @SubscribeMessage('ask in time')
  askInTime(client: Socket): void {
    client.timeout(5).emit('question', (_: Error | null, { name }: Data) => name);
  }

  @SubscribeMessage('ask a room')
  askRoom(client: Socket, { room }: Data): void {
    client
      .to(room)
      .timeout(5)
      .emit('question', (_: Error | null, [answer]: Data[]) => answer!.name);
  }

  @SubscribeMessage('tell all')
  tellAll(@MessageBody() data: unknown): void {
    this.server.emit('told', data);
  }
}

@WebSocketGateway({ namespace: 'slow' })
class SlowGateway {
  afterInit(server: Namespace): void {
    server.use((_, next) => setTimeout(next, 20));
  }
}

@Module({ imports: [WebsocketModule], providers: [TrustingGateway, SlowGateway] })
class AppModule {}

const test = realtimeTest(AppModule, { scope: 'file', errorLogs: 'allow' });

/** Whoever is there beside a client that does its worst. */
async function withBystander(app: TestApp, scenario: () => Promise<void>): Promise<void> {
  const bystander = await app.connect({ name: 'bystander' });
  await scenario();
  await app.settle({ ignoreOpenStreams: true });
  await expect(bystander).toBeConnected();
  await expect(bystander.emitWithAck('echo', 1)).toBeAcked(1);
}

describe('an error because of a payload', () => {
  test.for<[event: string, data: unknown]>([
    ['throw it', noText],
    ['throw it', null],
    ['reject with it', noText],
    ['fail a stream with it', noText],
    ['throw an error made of it', { message: noText }],
    ['throw an error made of it', { message: '', name: noText }],
    ['throw an error made of it', { message: 'no', stack: noText }],
    ['throw with its status', { status: noText }],
  ])('thrown by a handler is answered and logged: %s with %j', async ([event, data], { app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      await expect(eve.emitWithAck(event, data)).toBeAcked(internalError);
      await expect(app).toHaveLogged(new RegExp(`failed on "${event}" of client ${eve.id}`), {
        level: 'error',
      });
    });
  });

  test('is answered when its code is invalid or its fields cannot be encoded', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      const refusal = { status: 'error', code: 'WS_EXCEPTION', message: 'no' };
      await expect(eve.emitWithAck('throw with its code', { code: noText })).toBeAcked(refusal);
      await expect(eve.emitWithAck('throw what cannot be encoded')).toBeAcked(refusal);
      eve.emit('throw what cannot be encoded');
      await expect(eve).toReceive('exception', refusal);
    });
  });

  test('thrown by one pipe is answered while other pipes reject too', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      await expect(eve.emitWithAck('two pipes', {})).toBeAcked(internalError);
    });
  });
});

describe('a refusal with any value reaches the client', () => {
  test.for<[refusal: unknown, message: string, data: unknown]>([
    ['so', 'so', undefined],
    [{ message: 'so', data: { why: 1 } }, 'so', { why: 1 }],
    [noText, 'Refused', undefined],
    [{ message: noText }, 'Refused', undefined],
  ])('from a namespace middleware: %j', async ([refusal, message, data], { app, connect }) => {
    await withBystander(app, async () => {
      await expect(connect({ name: 'eve', auth: { refusal } })).toBeRefused(message, { data });
    });
  });

  test('from a namespace middleware, with data that cannot be encoded', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = connect({ name: 'eve', auth: { unencodable: true } });
      await expect(eve).toBeRefused('Internal server error', { data: internalError });
    });
  });

  test.for<[refusal: unknown, message: string]>([
    ['so', 'so'],
    [noText, 'Refused'],
    [{ message: noText }, 'Refused'],
  ])('from a socket middleware: %j', async ([refusal, message], { app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      await expect(eve.emitWithAck('echo', { refusal })).toBeAcked({
        status: 'error',
        code: 'REFUSED',
        message,
      });
    });
  });
});

describe('a failure that a client causes is logged, and other clients are served', () => {
  test('in the ack callback of an emit that times out', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      eve.emit('ask in time');
      await expect(app).toHaveLogged(new RegExp(`^An ack callback failed on the answer of client ${eve.id}: `), {
        level: 'error',
      });
    });
  });

  test.for(['nobody is in', 'eve'])(
    'in the ack callback of a broadcast to a room: %s',
    async (room, { app, connect }) => {
      await withBystander(app, async () => {
        const [mallory, eve] = [await connect({ name: 'mallory' }), await connect({ name: 'eve' })];
        mallory.emit('ask a room', { room: room === 'eve' ? eve.id : room });
        await expect(app).toHaveLogged(/^The ack callback of a broadcast of "question" failed: /, {
          level: 'error',
        });
      });
    },
  );

  test('in the teardown of an Observable when its client leaves', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve' });
      const { id } = eve;
      eve.emit('clean up', { name: 1 });
      await app.settle({ ignoreOpenStreams: true });
      await eve.disconnect();
      await expect(app).toHaveLogged(new RegExp(`^The end of an Observable failed on client ${id}: `), {
        level: 'error',
      });
      await expect(app).toHaveLogged(`Client disconnected: ${id}`);
    });
  });

  test('in a listener of onAnyOutgoing, and a broadcast reaches the other clients', async ({ app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve', auth: { listens: true } });
      const alice = await connect({ name: 'alice' });
      await expect(alice.emitWithAck('tell all', { text: 1 })).toBeAcked();
      await expect(alice).toReceive('told', { text: 1 });
      await expect(app).toHaveLogged(new RegExp(`^A listener of onAnyOutgoing failed on client ${eve.id}: `), {
        level: 'error',
      });
    });
  });
});

describe('a client that joins a namespace twice', () => {
  test.for(['websocket', 'polling'])(
    'is in it once when it joins again before it is in, over %s',
    async (transport, { app, connect }) => {
      await withBystander(app, async () => {
        const eve = await connect({ name: 'eve', transports: [transport as 'polling'] });
        for (let count = 0; count < 100; count += 1) eve.socket.io.engine.write('0/slow,');
        await expect.poll(() => app.io.of('/slow').sockets.size).toBe(1);
        await app.settle();
        expect(app.io.of('/slow').sockets.size).toBe(1);
        expect(app.io.of('/slow')['_preConnectSockets'].size).toBe(0);
      });
    },
  );

  test('is in it again when it joins after it has left', async ({ app, connect }) => {
    const alice = await connect();
    const slow = app.io.of('/slow');
    const enter = async (): Promise<Socket> => {
      const entered = once(slow, 'connection');
      alice.socket.io.engine.write('0/slow,');
      return ((await entered) as [Socket])[0];
    };
    const left = once(await enter(), 'disconnect');
    alice.socket.io.engine.write('1/slow,');
    await left;
    await enter();
    await app.settle();
    await expect(alice).toBeConnected();
    expect(slow.sockets.size).toBe(1);
  });
});

test('an event with an invalid name in another parser disconnects its sender', async () => {
  const app = await startTestApp(AppModule, { server: { parser: msgpack } });
  try {
    // A client has the server's parser.
    const [alice, eve] = [await app.connect({ name: 'alice' }), await app.connect({ name: 'eve' })];
    const [packet] = new msgpack.Encoder().encode({ type: 2, nsp: '/', data: [noText, 1] }) as unknown as [Buffer];
    eve.socket.io.engine.write(packet);
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
  } finally {
    await app.close();
  }
});
