import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { assertThat, startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import type { Server, Socket } from 'socket.io';
import { describe, expect, test, vi } from 'vitest';

/** Says of its own accord, and often, that it is alive. */
@WebSocketGateway()
class BusyGateway implements OnGatewayInit {
  @WebSocketServer() readonly server!: Server;
  private heartbeat: NodeJS.Timeout | undefined;

  afterInit(server: Server): void {
    this.heartbeat = setInterval(() => server.emit('heartbeat'), 10);
  }

  onModuleDestroy(): void {
    clearInterval(this.heartbeat);
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
    client.broadcast.emit('said', text);
  }

  @SubscribeMessage('say later')
  sayLater(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
    setTimeout(() => client.broadcast.emit('said', text), 1);
  }

  /** Speaks while the client cannot be written to. */
  @SubscribeMessage('whisper')
  whisper(@ConnectedSocket() client: Socket): void {
    const { transport } = client.conn;
    transport.writable = false;
    client.volatile.emit('whispered');
    transport.writable = true;
  }

  @UseGuards({ canActivate: () => false })
  @SubscribeMessage('enter')
  enter(): void {}
}

@Controller()
class OrderController {
  constructor(private readonly gateway: BusyGateway) {}

  @Get('order')
  order(): string {
    this.gateway.server.emit('ordered', 1);
    return 'ordered';
  }
}

@Module({ providers: [BusyGateway], controllers: [OrderController] })
class BusyModule {}

interface Scene {
  readonly app: TestApp;
  readonly alice: TestClient;
  readonly bob: TestClient;
}

/** The text of the failure. */
async function failureOf(run: (scene: Scene) => Promise<unknown>): Promise<string> {
  await using app = await startTestApp(BusyModule, { timeout: 800 });
  const [alice, bob] = [await app.connect({ name: 'alice' }), await app.connect({ name: 'bob' })];
  const failure: unknown = await run({ app, alice, bob }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  return (failure as Error).message;
}

describe('a failure in an app with frequent heartbeats', () => {
  test('lists the most similar event first, and counts the frequent events', async () => {
    const text = await failureOf(({ alice, bob }) => {
      alice.emit('say', 'hi');
      return assertThat(bob).toReceive('siad', 'hi');
    });
    const [, , first, second] = text.split('\n');
    expect(first).toMatch(/bob got "said" \('hi'\) at [\d.]+ ms, caused by alice's "say"/);
    expect(second).toMatch(/bob got "heartbeat" \d+ times, the last at [\d.]+ ms/);
    expect(text).toMatch(/alice → "say" \('hi'\)/);
    expect(text).toMatch(/and \d+ times "heartbeat", of the app's own accord/);
    expect(text).not.toMatch(/← "heartbeat"/);
  });

  test('lists an event with other arguments first', async () => {
    const text = await failureOf(({ alice, bob }) => {
      alice.emit('say', 'hi');
      return assertThat(bob).toReceive('said', 'hello');
    });
    expect(text.split('\n')[2]).toMatch(/bob got "said" with other arguments/);
  });
});

test('a failure names an HTTP request as the last event', async () => {
  const text = await failureOf(async ({ app, alice }) => {
    await fetch(`${app.url}/order`);
    await assertThat(alice).toReceive('ordered', 2);
  });
  expect(text).toContain('"ordered" with other arguments');
  expect(text).toContain('the last event: GET /order was answered; sent "ordered" to alice, bob');
});

test('a failure says that the last event was refused, with the reason', async () => {
  const text = await failureOf(({ alice, bob }) => {
    alice.emit('enter');
    return assertThat(bob).toReceive('entered');
  });
  expect(text).toMatch(/the last event: alice's "enter" \(\) failed: Forbidden resource; sent "exception" to alice/);
});

test('a failure names a volatile event that was dropped', async () => {
  const text = await failureOf(({ alice }) => {
    alice.emit('whisper');
    return assertThat(alice).toReceive('whispered');
  });
  expect(text).toContain(
    '"whispered" was sent to alice and has not come: a volatile event is dropped while its client cannot be written to',
  );
});

test('a failure about a disconnected client does not mention volatile events', async () => {
  const text = await failureOf(async ({ app, alice }) => {
    alice.emit('whisper');
    await app.settle();
    await alice.disconnect();
    await assertThat(alice).toReceive('whispered');
  });
  expect(text).not.toContain('volatile');
});

test('a failure says that setTimeout is faked', async () => {
  const text = await failureOf(({ alice, bob }) => {
    vi.useFakeTimers();
    alice.emit('say later', 'hi');
    return assertThat(bob)
      .toReceive('said')
      .finally(() => vi.useRealTimers());
  });
  expect(text).toContain('setTimeout is faked: what the app does by timers waits until the test lets time pass');
});

describe('toReceive of a wrong subject says what it got', () => {
  test.for<[what: string, subject: (scene: Scene) => unknown, got: string]>([
    ['the app', ({ app }) => app, 'it got the app.'],
    [
      'a socket',
      ({ alice }) => alice.socket,
      'it got a socket of socket.io-client: give the client itself, or app.follow(socket).',
    ],
    ['the promise of a client', () => Promise.resolve(), 'it got a promise: await it first.'],
    ['the promise of an ack', ({ alice }) => alice.emitWithAck('say', 1), 'it got what emitWithAck() returns.'],
    ['no client', () => [], 'it got an empty list.'],
    ['a room', ({ app }) => app.room('lobby'), "it got room 'lobby'."],
    ['nothing', () => undefined, 'it got undefined.'],
    ['a name', () => 'alice', "it got 'alice'."],
  ])('%s', async ([, subject, got]) => {
    const text = await failureOf(async (scene) => {
      const given = subject(scene);
      if (given instanceof Promise) given.catch(() => {});
      await assertThat(given as TestClient).toReceive('said');
    });
    expect(text).toBe(`expect(…).toReceive() needs a client, as connect() gives it; ${got}`);
  });
});
