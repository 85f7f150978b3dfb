import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Module, UnauthorizedException } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import {
  Authentication,
  WebsocketModule,
  type AuthenticatedSocket,
  type Authenticator,
  type Handshake,
  type Socket,
} from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';

interface User {
  user: string;
  role: string;
}

@Injectable()
class Users implements Authenticator<User> {
  readonly revoked = new Set<string>();
  readonly roles = new Map<string, string>();
  down = false;
  slow = false;

  async authenticate({ auth }: Handshake): Promise<User> {
    const { token } = auth as { token?: string };
    await delay(5);
    if (this.down) throw new Error('secret: the user store is down');
    if (this.slow) await delay(10_000, undefined, { ref: false });
    if (token === 'banned') throw new WsException({ code: 'BANNED', message: 'you are banned' });
    if (!token || this.revoked.has(token)) throw new UnauthorizedException('no such token');
    return { user: token, role: this.roles.get(token) ?? 'guest' };
  }
}

@WebSocketGateway()
class WhoGateway {
  readonly seen: string[] = [];

  handleConnection(client: AuthenticatedSocket<User>): void {
    this.seen.push(client.data.user);
  }

  @SubscribeMessage('greet me')
  greet(client: Socket): void {
    client.emit('hello');
  }

  @SubscribeMessage('who am I')
  whoAmI(client: AuthenticatedSocket<User>): User {
    return client.data;
  }
}

@WebSocketGateway({ namespace: 'other' })
class OtherGateway {
  @SubscribeMessage('who am I')
  whoAmI(client: Socket): unknown {
    return client.data;
  }
}

@Module({
  imports: [WebsocketModule.forRoot({ authentication: { use: Users, timeout: 200 }, connectionStateRecovery: {} })],
  providers: [Users, WhoGateway, OtherGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test('a client with a known token connects, and its user is in socket.data', async ({ connect }) => {
    const alice = await connect({ ...client, auth: { token: 'alice' } });
    await expect(alice.emitWithAck('who am I')).toBeAcked({ user: 'alice', role: 'guest' });
    const there = await connect({ ...client, namespace: 'other', auth: { token: 'alice' } });
    await expect(there.emitWithAck('who am I')).toBeAcked({ user: 'alice', role: 'guest' });
  });

  test.for<[auth: object, message: string, code: string]>([
    [{}, 'no such token', 'UNAUTHORIZED'],
    [{ token: 'banned' }, 'you are banned', 'BANNED'],
  ])('a client with %j is refused, and receives the reason', async ([auth, message, code], { app, connect }) => {
    app.logs.allowErrors(/./);
    for (const namespace of ['/', '/other']) {
      await expect(connect({ ...client, namespace, auth })).toBeRefused(message, {
        data: { status: 'error', code, message },
      });
    }
    expect(app.get(WhoGateway).seen).toEqual([]);
  });
});

describe('repeated authentication', () => {
  test('disconnects a revoked client with the reason, and no other client', async ({ app, connect }) => {
    const [alice, bob] = [
      await connect({ name: 'alice', auth: { token: 'alice' } }),
      await connect({ name: 'bob', auth: { token: 'bob' } }),
    ];
    app.get(Users).revoked.add('alice');
    await app.get(Authentication).recheck();
    await expect(alice).toReceive('exception', {
      status: 'error',
      code: 'UNAUTHORIZED',
      message: 'no such token',
    });
    await expect(alice).toBeDisconnected('io server disconnect');
    await expect(bob).toBeConnected();
    await expect(bob).not.toReceive('exception');
  });

  test('checks only the selected clients, and updates their data', async ({ app, connect }) => {
    const [alice, bob] = [
      await connect({ name: 'alice', auth: { token: 'alice' } }),
      await connect({ name: 'bob', auth: { token: 'bob' } }),
    ];
    const users = app.get(Users);
    users.revoked.add('alice');
    users.roles.set('bob', 'admin');
    await app.get(Authentication).recheck((socket) => (socket.data as User).user === 'bob');
    await expect(alice).toBeConnected();
    await expect(bob.emitWithAck('who am I')).toBeAcked({ user: 'bob', role: 'admin' });
  });

  test('removes outdated claims from socket.data, and keeps the data of the app', async () => {
    const claims: { admin?: boolean } = { admin: true };
    @Module({
      imports: [WebsocketModule.forRoot({ authentication: () => ({ ...claims }) })],
      providers: [OtherGateway],
    })
    class ClaimsModule {}

    const app = await startTestApp(ClaimsModule);
    try {
      const alice = await app.connect({ namespace: 'other' });
      const socket = app.io.of('/other').sockets.get(alice.id)!;
      socket.data.seat = 7;
      await expect(alice.emitWithAck('who am I')).toBeAcked({ admin: true, seat: 7 });
      delete claims.admin;
      await app.get(Authentication).recheck();
      await expect(alice.emitWithAck('who am I')).toBeAcked({ seat: 7 });
    } finally {
      await app.close();
    }
  });

  test('keeps a client connected when the authentication fails', async ({ app, connect }) => {
    const alice = await connect({ auth: { token: 'alice' } });
    app.get(Users).down = true;
    await app.get(Authentication).recheck();
    await expect(app).toHaveLogged(/could not be authenticated/, { level: 'error' });
    await expect(alice).toBeConnected();
  });

  test('keeps a client connected when the authentication times out', async ({ app, connect }) => {
    const alice = await connect({ auth: { token: 'alice' } });
    app.get(Users).slow = true;
    await app.get(Authentication).recheck();
    await expect(app).toHaveLogged(/"authentication" took longer than 200 ms/, { level: 'error' });
    await expect(alice).toBeConnected();
  });

  test('refuses a revoked client that recovers its session', async ({ app, connect }) => {
    const alice = await connect({
      name: 'alice',
      auth: { token: 'alice' },
      reconnection: true,
      reconnectionDelay: 10,
    });
    // Only who has had an event has a place to recover from.
    await expect(alice.emitWithAck('greet me')).toBeAcked();
    await expect(alice).toReceive('hello');
    app.get(Users).revoked.add('alice');
    const refused = new Promise((resolve) => alice.socket.on('connect_error', resolve));
    alice.socket.io.engine.close();
    expect(await refused).toMatchObject({ message: 'no such token' });
    alice.socket.disconnect();
  });

  /** An app whose answer to one question, by its number, comes when it is told to. */
  function withLateAnswer(number: number) {
    const state = { role: 'admin', asked: 0, answer: (): void => {} };
    const late = new Promise<void>((resolve) => (state.answer = resolve));
    const authentication = async (): Promise<object> => {
      const { role } = state;
      state.asked += 1;
      if (state.asked === number) await late;
      if (role === 'nobody') throw new UnauthorizedException('revoked');
      return { role };
    };
    @Module({ imports: [WebsocketModule.forRoot({ authentication })], providers: [OtherGateway] })
    class LateModule {}
    return { LateModule, state };
  }

  test('authenticates a client again that is still connecting', async () => {
    const { LateModule, state } = withLateAnswer(1);
    await using app = await startTestApp(LateModule);
    const connecting = app.connect({ namespace: 'other' });
    connecting.catch(() => {});
    await expect.poll(() => state.asked).toBe(1);
    state.role = 'nobody';
    await app.get(Authentication).recheck();
    state.answer();
    await expect(connecting).toBeRefused('revoked');
  });

  test('ignores the answer to an earlier check', async () => {
    const { LateModule, state } = withLateAnswer(2);
    await using app = await startTestApp(LateModule);
    const alice = await app.connect({ namespace: 'other' });
    const earlier = app.get(Authentication).recheck();
    state.role = 'guest';
    await app.get(Authentication).recheck();
    state.answer();
    await earlier;
    await expect(alice.emitWithAck('who am I')).toBeAcked({ role: 'guest' });
  });

  test('runs at the configured interval', async () => {
    const users = new Users();
    @Module({
      imports: [
        WebsocketModule.forRoot({
          authentication: { use: (handshake) => users.authenticate(handshake), recheckInterval: 30 },
        }),
      ],
    })
    class IntervalModule {}

    const app = await startTestApp(IntervalModule);
    try {
      const alice = await app.connect({ auth: { token: 'alice' } });
      users.revoked.add('alice');
      await expect(alice).toBeDisconnected();
    } finally {
      await app.close();
    }
  });
});
