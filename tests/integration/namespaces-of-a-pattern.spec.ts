import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer, type OnGatewayInit } from '@nestjs/websockets';
import { WebsocketModule, type Namespace, type Server } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';

const ROOMS = /^\/room-\d+$/;

@WebSocketGateway({ namespace: ROOMS })
class RoomsGateway {
  @WebSocketServer() readonly server!: Namespace;

  handled = 0;

  @SubscribeMessage('enter')
  enter(): string {
    this.handled += 1;
    return 'a room';
  }
}

@WebSocketGateway({ namespace: ROOMS })
class BellsGateway {
  @WebSocketServer() readonly server!: Namespace;

  @SubscribeMessage('ring')
  ring(): void {
    this.server.emit('rang');
  }
}

@WebSocketGateway({ namespace: '/room-7' })
class RoomSevenGateway {
  handled = 0;

  @SubscribeMessage('enter')
  enter(): void {
    this.handled += 1;
  }
}

@WebSocketGateway()
class FailingParentGateway implements OnGatewayInit<Server> {
  afterInit(server: Server): void {
    server
      .of((name, _auth, next) => next(null, name === '/made'))
      .use(() => {
        throw new Error('the store is down');
      });
    // oxlint-disable-next-line typescript/no-misused-promises -- such code there is
    server.of(async (name, _auth, next) => {
      if (name === '/broken') throw new Error('the store is down');
      next(null, false);
    });
  }
}

/** By a client's name: lets it in. */
const gates = new Map<string, () => void>();

@Module({
  imports: [
    WebsocketModule.forRoot({
      authentication: async ({ auth }) => {
        const { gate } = auth as { gate?: string };
        if (gate) await new Promise<void>((resolve) => gates.set(gate, resolve));
        return {};
      },
    }),
  ],
  providers: [RoomsGateway, BellsGateway, RoomSevenGateway, FailingParentGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);

test('two gateways of one namespace pattern can both emit to its members', async ({ app, connect }) => {
  const alice = await connect({ namespace: '/room-1' });
  await expect(alice.emitWithAck('enter')).toBeAcked('a room');
  await expect(alice.emitWithAck('ring')).toBeAcked();
  await expect(alice).toReceive('rang');
  app.get(RoomsGateway).server.emit('rang');
  await expect(alice).toReceive('rang');
});

test('a namespace of a pattern is also served by a gateway with that very name', async ({ app, connect }) => {
  const alice = await connect({ namespace: '/room-7' });
  await expect(alice.emitWithAck('enter')).toBeAcked('a room');
  expect([app.get(RoomsGateway).handled, app.get(RoomSevenGateway).handled]).toEqual([1, 1]);
});

test('a namespace of a pattern that was empty for a while still delivers, as on plain Nest', async ({
  app,
  connect,
}) => {
  const namespace = '/room-2';
  const alice = await connect({ name: 'alice', namespace });
  const held = app.io.of(namespace);
  await alice.disconnect();
  const bob = await connect({ name: 'bob', namespace });
  held.emit('rang');
  await expect(bob).toReceive('rang');
});

test('a middleware that throws in a namespace made by a function fails the client and is logged', async ({
  app,
  connect,
}) => {
  await expect(connect({ namespace: '/made', timeout: 500 })).rejects.toThrow();
  await expect(app).toHaveLogged(/^A middleware failed on client .+: the store is down$/, { level: 'error' });
});

test('a namespace function that rejects refuses the client and is logged', async ({ app, connect }) => {
  await expect(connect({ namespace: '/broken' })).toBeRefused('Invalid namespace');
  await expect(app).toHaveLogged(/a namespace "\/broken" cannot be said: the store is down$/, {
    level: 'error',
  });
});
