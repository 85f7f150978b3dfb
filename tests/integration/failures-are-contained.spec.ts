import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Namespace, type Socket } from 'nest-realtime-kit';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { io } from 'socket.io-client';
import { describe, vi } from 'vitest';

/** Looking at it throws. */
function unreadable(): Error {
  const get = (): never => {
    throw new Error('the store is down');
  };
  return Object.defineProperties(new Error(), { message: { get }, name: { get }, stack: { get } });
}

/** The ways in which the app's code can fail, each at a place that `handshake.auth.fail` names. */
const ways: Record<string, () => unknown> = {
  'throws an error': () => {
    throw new Error('the store is down');
  },
  'throws no error': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- such code there is
    throw 'the store is down';
  },
  'throws nothing': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- as above
    throw undefined;
  },
  'throws what cannot be read': () => {
    throw unreadable();
  },
  'rejects with what cannot be read': () => Promise.reject(unreadable()),
  rejects: () => Promise.reject(new Error('the store is down')),
  'rejects later': () =>
    delay(5).then(() => {
      throw new Error('the store is down');
    }),
};

function failAt(place: string, client: Socket): unknown {
  const { place: at, way } = client.handshake.auth as { place?: string; way?: string };
  return at === place && way ? ways[way]!() : undefined;
}

@WebSocketGateway()
class FailingGateway {
  @WebSocketServer() readonly server!: Namespace;

  afterInit(server: Namespace): void {
    // oxlint-disable-next-line typescript/no-misused-promises -- such code there is
    server.use((socket, next) => {
      const failing = failAt('a namespace middleware', socket);
      return failing instanceof Promise ? failing : next();
    });
    server.use((socket, next) => {
      // oxlint-disable-next-line typescript/no-misused-promises -- as above
      socket.use((_, proceed) => {
        const failing = failAt('a middleware of the socket', socket);
        return failing instanceof Promise ? failing : proceed();
      });
      socket.on('raw', () => failAt('a raw listener', socket));
      socket.once('raw', () => failAt('a raw listener for once', socket));
      socket.onAny(() => failAt('onAny', socket));
      socket.on('disconnecting', () => failAt('a listener for disconnecting', socket));
      socket.on('disconnect', () => failAt('a listener for disconnect', socket));
      socket.on('error', () => failAt('a listener for error', socket));
      next();
    });
    server.on('connection', (socket) => failAt('a listener for connection', socket));
  }

  handleConnection(client: Socket): unknown {
    return failAt('handleConnection', client);
  }

  handleDisconnect(client: Socket): unknown {
    return failAt('handleDisconnect', client);
  }

  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }

  @SubscribeMessage('ask')
  ask(client: Socket): void {
    client.emit('question', () => failAt('an ack callback', client));
  }

  @SubscribeMessage('raw')
  raw(): void {}
}

@Module({
  imports: [WebsocketModule.forRoot({ handleConnectionTimeout: 50 })],
  providers: [FailingGateway],
})
class AppModule {}

const test = realtimeTest(AppModule, { scope: 'file', errorLogs: 'allow', refusals: 'allow' });

/** Whoever is there beside a client that something fails on. */
async function withBystander(app: TestApp, scenario: () => Promise<void>): Promise<void> {
  const bystander = await app.connect({ name: 'bystander' });
  await scenario();
  await app.settle({ ignoreOpenStreams: true });
  await expect(bystander).toBeConnected();
  await expect(bystander.emitWithAck('ping')).toBeAcked('pong');
  await expect(bystander).not.toReceive('exception');
}

test.for(['initial_headers', 'headers'] as const)(
  'a listener of the engine for "%s" that throws refuses the handshake and affects no other client',
  async (event, { app }) => {
    await withBystander(app, async () => {
      const fail = (): never => {
        throw new Error('the cookie cannot be read');
      };
      app.io.engine.on(event, fail);
      try {
        await expect(app.connect({ name: 'eve', timeout: 5_000 })).toBeRefused();
      } finally {
        app.io.engine.off(event, fail);
      }
    });
  },
);

test('a middleware of the engine that rejects refuses the request and is logged', async () => {
  const app = await startTestApp(AppModule);
  try {
    app.io.engine.use(() => Promise.reject(new Error('the store is down')));
    await expect(app.connect({ name: 'eve' })).toBeRefused();
    await expect(app).toHaveLogged('A middleware failed on a request: the store is down', { level: 'error' });
  } finally {
    await app.close();
  }
});

describe.each(Object.keys(ways))('code that %s', (way) => {
  test.for(['a namespace middleware', 'handleConnection', 'a listener for connection'])(
    'in %s closes the connection, and the client reconnects by itself',
    async (place, { app }) => {
      await withBystander(app, async () => {
        const client = io(app.url, {
          auth: { place, way },
          transports: ['websocket'],
          forceNew: true,
          reconnectionDelay: 10,
        });
        const refused = vi.fn();
        client.on('connect_error', refused);
        const cameBack = new Promise((resolve) => client.io.once('reconnect', resolve));
        await cameBack;
        client.disconnect();
        expect(refused).not.toHaveBeenCalled();
        await expect(app).toHaveLogged(/ failed on client /, { level: 'error' });
      });
    },
  );

  test.for([
    'handleDisconnect',
    'a listener for disconnecting',
    'a listener for disconnect',
    'a middleware of the socket',
    'a raw listener',
    'a raw listener for once',
    'onAny',
    'an ack callback',
  ])('in %s is logged with the client and affects nothing else', async (place, { app, connect }) => {
    await withBystander(app, async () => {
      const eve = await connect({ name: 'eve', auth: { place, way } });
      eve.socket.on('question', (answer: () => void) => answer());
      eve.emit('raw');
      eve.emit('ask');
      await app.settle();
      const { id } = eve;
      await eve.disconnect().catch(() => {});
      await expect(app).toHaveLogged(new RegExp(`failed on .*client ${id}`), { level: 'error' });
    });
  });
});
