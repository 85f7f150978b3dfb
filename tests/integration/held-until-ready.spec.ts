import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import type { Socket } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';

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

@Module({
  imports: [WebsocketModule.forRoot({ handleConnectionTimeout: 300, maxHeldMessages: 3 })],
  providers: [SlowGateway, SecondGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);
const until = 'connected';

test('a message before handleConnection is through waits for it, in its order', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  const answers = [alice.emitWithAck('who am I'), alice.emitWithAck('who am I')];
  // Answered at once, and behind them on the wire.
  await alice.emitWithAck('unknown');
  app.get(SlowGateway).gates.get('alice')!.resolve();
  expect(await Promise.all(answers)).toEqual(['alice', 'alice']);
});

test('one that has nobody to wait for is answered at once', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  await expect(alice.emitWithAck('unknown')).toBeAcked(expect.objectContaining({ code: 'UNKNOWN_EVENT' }));
  app.get(SlowGateway).gates.get('alice')!.resolve();
});

test('a handleConnection that waits for a raw message gets it', async ({ connect }) => {
  const alice = await connect({ auth: { hello: true }, until });
  const answer = alice.emitWithAck('who am I');
  alice.emit('hello', 'Alice');
  expect(await answer).toBe('Alice');
});

test('who is refused has the messages that waited answered with the reason', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice', auth: { door: 'alice' }, until });
  const answer = alice.emitWithAck('who am I');
  // Answered at once, and behind it on the wire.
  await alice.emitWithAck('unknown');
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

test('not more than so many messages are kept', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  for (let sent = 0; sent < 4; sent += 1) alice.emit('who am I');
  await expect(alice).toReceive('exception', {
    status: 'error',
    code: 'NOT_READY',
    message: 'Too many messages before handleConnection was through',
  });
  await expect(alice).toBeDisconnected();
  app.get(SlowGateway).gates.get('alice')!.resolve();
});

test('and not for ever', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  await expect(alice.emitWithAck('who am I')).toBeAcked({
    status: 'error',
    code: 'NOT_READY',
    message: 'handleConnection took too long',
  });
  await expect(alice).toBeDisconnected();
  await expect(app).toHaveLogged(/^Client .+ was refused: handleConnection took too long$/, {
    level: 'warn',
  });
  app.get(SlowGateway).gates.get('alice')!.resolve();
});

test('what waited is not handled any more when the first of it has the client disconnected', async ({
  app,
  connect,
}) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  alice.emit('leave');
  alice.emit('leave');
  await alice.emitWithAck('unknown');
  const gateway = app.get(SlowGateway);
  gateway.gates.get('alice')!.resolve();
  await expect(alice).toBeDisconnected();
  expect(gateway.calls).toEqual(['connected', 'leaving', 'disconnected']);
});

test('handleDisconnect comes after a handleConnection that was too late', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  await expect(alice).toBeDisconnected();
  const gateway = app.get(SlowGateway);
  expect(gateway.calls).toEqual([]);
  gateway.gates.get('alice')!.resolve();
  await expect.poll(() => gateway.calls).toEqual(['connected', 'disconnected']);
});

test('handleDisconnect comes after every handleConnection, also when the first disconnects', async ({
  app,
  connect,
}) => {
  const alice = await connect({ auth: { turnAway: true }, until });
  await expect(alice).toBeDisconnected();
  await app.settle();
  expect(app.get(SecondGateway).calls).toEqual(['connected', 'disconnected']);
});

test('handleDisconnect comes after handleConnection, whenever the client left', async ({ app, connect }) => {
  const alice = await connect({ auth: { door: 'alice' }, until });
  const gateway = app.get(SlowGateway);
  const left = alice.disconnect();
  await expect(alice).toBeDisconnected();
  gateway.gates.get('alice')!.resolve();
  await left;
  expect(gateway.calls).toEqual(['connected', 'disconnected']);
});

test('of all clients together, not more than so many bytes are kept', { timeout: 20_000 }, async () => {
  const waiting: (() => void)[] = [];
  @WebSocketGateway()
  class WaitingGateway {
    handleConnection(): Promise<void> {
      return new Promise((resolve) => waiting.push(resolve));
    }

    @SubscribeMessage('say')
    say(): void {}
  }
  @Module({ imports: [WebsocketModule.forRoot({ limits: false })], providers: [WaitingGateway] })
  class WaitingModule {}

  const app = await startTestApp(WaitingModule);
  try {
    const clients = await app.connect(12, { until });
    const text = 'x'.repeat(60_000);
    for (const client of clients) for (let sent = 0; sent < 99; sent += 1) client.emit('say', text);
    // Answered at once, and behind all that on the wire.
    const answers = await Promise.all(
      clients.map((client) => client.emitWithAck('unknown').catch(() => undefined)),
    );
    expect(answers.filter((answer) => answer === undefined).length).toBeGreaterThan(0);
    expect(clients.filter(({ connected }) => connected).length).toBeGreaterThan(8);
    const gone = clients.find(({ connected }) => !connected)!;
    expect(gone.received('exception')).toEqual([[expect.objectContaining({ code: 'NOT_READY' })]]);
    for (const resolve of waiting) resolve();
  } finally {
    await app.close();
  }
});
