import { on } from 'node:events';
import { mock } from 'node:test';
import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  SettleTimeoutError,
  startTestApp,
  type ConnectOptions,
  type TestApp,
  type TestAppOptions,
  type TestClient,
} from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import { afterEach, describe, test, vi } from 'vitest';

@WebSocketGateway({ pingInterval: 100, pingTimeout: 1_500 })
class ReminderGateway {
  afterInit(server: Server): void {
    server.use(({ conn, handshake }, next) => {
      if (handshake.auth.patient) conn.once('upgrade', () => next());
      else next();
    });
  }

  handleConnection(client: Socket): void {
    client.emit('welcome', client.id);
  }

  @SubscribeMessage('remind')
  remind(@ConnectedSocket() client: Socket, @MessageBody() minutes: number): string {
    setTimeout(() => client.emit('reminded', new Date().toISOString()), minutes * 60_000);
    return 'noted';
  }

  @SubscribeMessage('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }
}

@Module({ providers: [ReminderGateway] })
class ReminderModule {}

const noon = Date.parse('2026-01-01T12:00:00Z');

/** What a test runner does to the time of the process. */
const clocks = {
  'the timers of Vitest': {
    fake: () => void vi.useFakeTimers({ now: noon }),
    advance: async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms)),
    restore: () => void vi.useRealTimers(),
  },
  'the timers of node:test': {
    fake: () => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: noon }),
    advance: async (ms: number) => mock.timers.tick(ms),
    restore: () => mock.timers.reset(),
  },
};

const worlds: Record<string, ConnectOptions['transports']> = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

describe.each(Object.entries(clocks))('with time faked by %s', (_name, { fake, advance, restore }) => {
  afterEach(restore);

  const boot = (when: 'before' | 'after', options?: TestAppOptions): Promise<TestApp> => bootFaked(fake, when, options);

  describe.each(Object.entries(worlds))('over %s', (_world, transports) => {
    test.each(['before', 'after'] as const)(
      'connections stay up when time advances in the app, faked %s it boots',
      async (when) => {
        await using app = await boot(when);
        const [alice, bob] = await app.connect(2, { transports });
        const { id } = alice;
        await advance(120_000);
        await expect(alice.emitWithAck('remind', 2)).toBeAcked('noted');
        await expect(alice).not.toReceive('reminded');
        await advance(119_999);
        await expect(alice).not.toReceive('reminded');
        await advance(1);
        await expect(alice).toReceive('reminded', '2026-01-01T12:04:00.000Z');
        await advance(600_000);
        await app.settle();
        bob.emit('remind', 1);
        await app.settle();
        await advance(60_000);
        expect(await bob.next('reminded')).toEqual(['2026-01-01T12:15:00.000Z']);
        const carol = await app.connect({ transports });
        await expect(carol).toReceive('welcome', carol.id);
        await carol.disconnect();
        expect(alice.id).toBe(id);
        await expect(alice).toBeConnected();
        await expect(bob).toBeConnected();
      },
    );
  });

  test('a healthy connection survives its heartbeats while time alternates between faked and real', async () => {
    await using app = await boot('after');
    const clients = await connectAll(app);
    await heartbeats(app, 6);
    await advance(120_000);
    await heartbeats(app, 6);
    restore();
    await heartbeats(app, 6);
    await Promise.all(clients.map((client) => expect(client).toBeConnected()));
  }, 15_000);

  test('both ends drop a silent connection in real time', async () => {
    await using app = await boot('before', { timeout: 8_000 });
    const clients = await connectAll(app);
    // A ping whose pong is lost in an upgrade is the server's last: Engine.IO forgets about both.
    await heartbeats(app, 2);
    await Promise.all(clients.map(({ link }) => link.blackhole()));
    const reasons = { server: 'ping timeout' };
    await Promise.all(clients.map((client) => expect(client).toBeDisconnected('ping timeout', reasons)));
  }, 15_000);

  // The longer is more than Engine.IO's `upgradeTimeout`.
  test.each([0, 20_000])('an upgrade completes while %i ms pass in the app', async (time) => {
    // Neither pings nor events end the poll that the client waits for.
    await using app = await boot('before', { server: { pingInterval: 25_000 } });
    app.io.engine.once('connection', (connection: Socket['conn']) => {
      connection.once('upgrading', () => void advance(time));
    });
    const alice = await app.connect({ transports: worlds.upgrade, auth: { patient: true } });
    await expect(alice).toBeConnected({ transport: 'websocket' });
  });

  test('the deadlines of the harness use real time', async () => {
    await using app = await boot('before');
    const alice = await app.connect();
    await expect(alice.next('nothing', { timeout: 50 })).rejects.toThrow('within 50 ms');
    alice.emit('hang');
    await expect(app.settle({ timeout: 50 })).rejects.toThrow(SettleTimeoutError);
  });
});

async function bootFaked(fake: () => void, when: 'before' | 'after', options?: TestAppOptions): Promise<TestApp> {
  if (when === 'before') fake();
  const app = await startTestApp(ReminderModule, options);
  if (when === 'after') fake();
  return app;
}

/** Connects a client by each transport; the one that upgrades has done so. */
async function connectAll(app: TestApp, options?: ConnectOptions): Promise<TestClient[]> {
  const connecting = Object.values(worlds).map((transports) => app.connect({ ...options, transports }));
  const clients = await Promise.all(connecting);
  await expect(clients.at(-1)!).toBeConnected({ transport: 'websocket' });
  return clients;
}

/** Resolves when each connection has answered so many pings more. */
async function heartbeats(app: TestApp, count: number): Promise<void> {
  const connections = [...app.io.sockets.sockets.values()].map(({ conn }) => conn);
  await Promise.all(
    connections.map(async (connection) => {
      let beats = 0;
      for await (const _beat of on(connection, 'heartbeat', { close: ['close'] })) {
        if ((beats += 1) === count) return;
      }
      throw new Error('A connection was closed');
    }),
  );
}
