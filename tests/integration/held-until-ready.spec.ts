import { Module, type DynamicModule } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { FlowMetrics, WebsocketModule, type Socket, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe, test as baseTest } from 'vitest';

interface Gate {
  resolve(): void;
  reject(error: Error): void;
}

@WebSocketGateway()
class SlowGateway {
  readonly gates = new Map<string, Gate>();
  readonly calls: string[] = [];

  async handleConnection(client: Socket): Promise<void> {
    const { door, hello, turnAway } = client.handshake.auth as {
      door?: string;
      hello?: boolean;
      turnAway?: boolean;
    };
    if (hello) {
      client.data.name = await new Promise<string>((resolve) => client.once('hello', resolve));
      return;
    }
    if (turnAway) client.disconnect();
    if (door === undefined) return;
    await new Promise<void>((resolve, reject) => this.gates.set(door, { resolve, reject }));
    client.data.name = door;
    this.calls.push('connected');
  }

  handleDisconnect(): void {
    this.calls.push('disconnected');
  }

  @SubscribeMessage('echo')
  echo(_client: Socket, data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('leave')
  leave(client: Socket): void {
    this.calls.push('leaving');
    client.disconnect();
  }

  @SubscribeMessage('who am I')
  whoAmI(client: Socket): unknown {
    return (client.data as { name?: string }).name ?? 'anonymous';
  }
}

@WebSocketGateway()
class SecondGateway {
  readonly calls: string[] = [];

  handleConnection(): void {
    this.calls.push('connected');
  }

  handleDisconnect(): void {
    this.calls.push('disconnected');
  }
}

@WebSocketGateway({ namespace: 'asking' })
class AskingGateway {
  async handleConnection(client: Socket): Promise<void> {
    await client.timeout(50).emitWithAck('who');
  }
}

function withTimeout(handleConnectionTimeout?: number): DynamicModule {
  class AppModule {}
  return {
    module: AppModule,
    imports: [WebsocketModule.forRoot({ handleConnectionTimeout })],
    providers: [SlowGateway, SecondGateway, AskingGateway],
  };
}

const test = realtimeTest(withTimeout());
const impatientTest = realtimeTest(withTimeout(300));
const until = 'connected';

test('a message waits for handleConnection and keeps its order', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  const answers = [alice.emitWithAck('who am I'), alice.emitWithAck('who am I')];
  // Answered at once, and behind them on the wire.
  await expect(alice.emitWithAck('unknown')).toRaiseException();
  app.get(SlowGateway).gates.get('alice')!.resolve();
  expect(await Promise.all(answers)).toEqual(['alice', 'alice']);
});

test('a message without a handler is answered before handleConnection has settled', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  await expect(alice.emitWithAck('unknown')).toBeAcked(expect.objectContaining({ code: 'UNKNOWN_EVENT' }));
  app.get(SlowGateway).gates.get('alice')!.resolve();
});

test('a raw message reaches a handleConnection that waits for it', async ({ connect }) => {
  const alice = await connect({ auth: { hello: true }, until });
  const answer = alice.emitWithAck('who am I');
  alice.emit('hello', 'Alice');
  expect(await answer).toBe('Alice');
});

test('waiting messages of a client that handleConnection refuses are acked with the reason', async ({
  app,
  connect,
}) => {
  const alice = await connect({ name: 'alice', auth: { door: 'alice' }, until });
  const answer = alice.emitWithAck('who am I');
  // Answered at once, and behind it on the wire.
  await expect(alice.emitWithAck('unknown')).toRaiseException();
  app
    .get(SlowGateway)
    .gates.get('alice')!
    .reject(new WsException({ code: 'BANNED', message: 'not you' }));
  await expect(answer).toBeAcked({ status: 'error', code: 'BANNED', message: 'not you' });
  await expect(alice).toReceive('exception', { status: 'error', code: 'BANNED', message: 'not you' });
  await expect(alice).toBeDisconnected();
  await expect(app).toHaveLogged(/^SlowGateway.handleConnection failed on client .+: not you$/, {
    level: 'warn',
  });
});

test('500 messages are held until handleConnection has settled, and handled in order', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  const answers = Array.from({ length: 500 }, (_, sent) => alice.emitWithAck('echo', sent));
  await expect(alice.emitWithAck('unknown')).toRaiseException();
  app.get(SlowGateway).gates.get('alice')!.resolve();
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, (_, sent) => sent));
});

impatientTest(
  'a client whose handleConnection times out gets NOT_READY, and its transport is closed',
  async ({ app, connect }) => {
    app.logs.allowErrors(/Client .+ could not be set up: handleConnection took longer than 300 ms/);
    const alice = await connect({ auth: { door: 'alice' }, until });
    await expect(alice.emitWithAck('who am I')).toBeAcked({
      status: 'error',
      code: 'NOT_READY',
      message: 'handleConnection failed',
    });
    await expect(alice).toBeDisconnected('transport close');
    app.get(SlowGateway).gates.get('alice')!.resolve();
  },
);

test('waiting messages are dropped when the first of them disconnects the client', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  alice.emit('leave');
  alice.emit('leave');
  await expect(alice.emitWithAck('unknown')).toRaiseException();
  const gateway = app.get(SlowGateway);
  gateway.gates.get('alice')!.resolve();
  await expect(alice).toBeDisconnected();
  expect(gateway.calls).toEqual(['connected', 'leaving', 'disconnected']);
});

impatientTest('handleDisconnect runs after a handleConnection that timed out', async ({ app, connect }) => {
  app.logs.allowErrors(/handleConnection took longer than 300 ms/);
  const alice = await connect({ auth: { door: 'alice' }, until });
  await expect(alice).toBeDisconnected();
  const gateway = app.get(SlowGateway);
  expect(gateway.calls).toEqual([]);
  gateway.gates.get('alice')!.resolve();
  await expect.poll(() => gateway.calls).toEqual(['connected', 'disconnected']);
});

test('handleDisconnect runs after every handleConnection, even when the first one disconnects the client', async ({
  app,
  connect,
}) => {
  const alice = await connect({ auth: { turnAway: true }, until });
  await expect(alice).toBeDisconnected();
  await app.settle();
  expect(app.get(SecondGateway).calls).toEqual(['connected', 'disconnected']);
});

baseTest(
  'a handleConnection that fails because its client left closes no other namespace of the connection',
  async () => {
    await using app = await startTestApp(withTimeout(1_000));
    const alice = await app.connect({ name: 'alice' });
    const asked = await app.connect({ namespace: 'asking', connection: alice, until: 'connected' });
    asked.socket.disconnect();
    await expect(app).toHaveLogged(/AskingGateway\.handleConnection failed/, { level: 'error' });
    await expect(alice).toBeConnected();
  },
);

baseTest(
  'handleDisconnect runs for clients that left during handleConnection, which is not a fault of the server',
  async () => {
    await using app = await startTestApp(withTimeout(50), { errorLogs: 'fail' });
    const gone = await Promise.all(
      Array.from({ length: 10 }, (_, number) => app.connect({ auth: { door: `${number}` }, until: 'connected' })),
    );
    for (const { socket } of gone) socket.disconnect();
    const { calls, gates } = app.get(SlowGateway);
    await expect.poll(() => calls).toEqual(gone.map(() => 'disconnected'));
    for (const gate of gates.values()) gate.resolve();
    await expect(await app.connect()).toBeConnected();
  },
);

test('handleDisconnect runs after handleConnection, even when the client left during it', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  const gateway = app.get(SlowGateway);
  const left = alice.disconnect();
  await expect(alice).toBeDisconnected();
  gateway.gates.get('alice')!.resolve();
  await left;
  expect(gateway.calls).toEqual(['connected', 'disconnected']);
});

describe('while handleConnection is pending', () => {
  const waiting: (() => void)[] = [];

  @WebSocketGateway()
  class WaitingGateway {
    readonly handled: unknown[] = [];

    handleConnection(): Promise<void> {
      return new Promise((resolve) => waiting.push(resolve));
    }

    @SubscribeMessage('say')
    say(_client: Socket, [number]: [number, string]): void {
      this.handled.push(number);
    }
  }

  @WebSocketGateway({ namespace: 'waiting' })
  class OtherWaitingGateway extends WaitingGateway {}

  @WebSocketGateway({ namespace: 'ready' })
  class ReadyGateway {
    @SubscribeMessage('echo')
    echo(_client: Socket, data: unknown): unknown {
      return data;
    }
  }

  async function withWaiting(
    options: WebsocketOptions,
    scenario: (app: TestApp, alice: TestClient) => Promise<void>,
  ): Promise<void> {
    @Module({
      imports: [WebsocketModule.forRoot(options)],
      providers: [WaitingGateway, OtherWaitingGateway, ReadyGateway],
    })
    class WaitingModule {}
    const app = await startTestApp(WaitingModule);
    try {
      await scenario(app, await app.connect({ until }));
    } finally {
      for (const resolve of waiting.splice(0)) resolve();
      await app.close();
    }
  }

  baseTest('a connection is paused at the size of the largest message, and loses nothing', () =>
    withWaiting({ maxHttpBufferSize: 100_000 }, async (app, alice) => {
      const text = 'x'.repeat(20_000);
      for (let sent = 0; sent < 400; sent += 1) alice.emit('say', sent, text);
      // What is not read stays with the client.
      await expect.poll(() => app.get(FlowMetrics).bufferedBytes()).toBeGreaterThan(100_000);
      await expect.poll(() => alice.socket.io.engine.writeBuffer.length).toBe(0);
      expect(app.get(FlowMetrics).bufferedBytes()).toBeLessThan(1_500_000);
      waiting.shift()!();
      const gateway = app.get(WaitingGateway);
      await expect.poll(() => gateway.handled.length).toBe(400);
      expect(gateway.handled).toEqual(Array.from({ length: 400 }, (_, sent) => sent));
      expect(app.get(FlowMetrics).bufferedBytes()).toBe(0);
    }),
  );

  baseTest('messages that two namespaces of one connection hold count together', () =>
    withWaiting({ maxHttpBufferSize: 100_000 }, async (app, alice) => {
      const there = await app.connect({ namespace: 'ready', connection: alice });
      const other = await app.connect({ namespace: 'waiting', connection: alice, until });
      for (const client of [alice, other])
        for (let sent = 0; sent < 4; sent += 1) client.emit('say', sent, 'x'.repeat(20_000));
      let isReleased = false;
      const answered = there.emitWithAck('echo', 'behind them').then(() => isReleased);
      await expect.poll(() => app.get(FlowMetrics).bufferedBytes()).toBeGreaterThan(100_000);
      await (await app.connect({ namespace: 'ready' })).emitWithAck('echo', 'of another');
      isReleased = true;
      waiting.shift()!();
      expect(await answered).toBe(true);
    }),
  );

  baseTest('other namespaces of the same connection are served', () =>
    withWaiting({}, async (app, alice) => {
      alice.emit('say', 1, '');
      const there = alice.socket.io.socket('/ready').connect();
      expect(await there.emitWithAck('echo', 'at once')).toBe('at once');
      expect(app.get(WaitingGateway).handled).toEqual([]);
      there.disconnect();
    }),
  );
});

baseTest('handleConnectionTimeout: false allows a handleConnection that runs until its client leaves', async () => {
  const calls: string[] = [];

  @WebSocketGateway()
  class LongGateway {
    async handleConnection(client: Socket): Promise<void> {
      calls.push('connected');
      await new Promise((resolve) => client.once('disconnect', resolve));
      calls.push('hook ended');
    }

    handleDisconnect(): void {
      calls.push('disconnected');
    }

    @SubscribeMessage('echo')
    echo(_client: Socket, data: unknown): unknown {
      return data;
    }
  }

  @Module({
    imports: [WebsocketModule.forRoot({ handleConnectionTimeout: false })],
    providers: [LongGateway],
  })
  class LongModule {}

  await using app = await startTestApp(LongModule);
  const alice = await app.connect({ until });
  expect(await alice.emitWithAck('echo', 1)).toBe(1);
  alice.socket.disconnect();
  await expect.poll(() => calls.toSorted()).toEqual(['connected', 'disconnected', 'hook ended']);
});

baseTest(
  'with handleConnectionTimeout: false, failures between successful connections refuse no handshake',
  async () => {
    @WebSocketGateway()
    class FlakyGateway {
      async handleConnection({ handshake }: Socket): Promise<void> {
        await Promise.resolve();
        if (handshake.auth.fails) throw new Error('not this one');
      }
    }

    @Module({ imports: [WebsocketModule.forRoot({ handleConnectionTimeout: false })], providers: [FlakyGateway] })
    class FlakyModule {}

    await using app = await startTestApp(FlakyModule);
    for (let pair = 0; pair < 3; pair += 1) {
      await expect(app.connect({ auth: { fails: true } })).rejects.toThrow('not this one');
      await expect(await app.connect()).toBeConnected();
    }
    expect((await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(200);
  },
);
