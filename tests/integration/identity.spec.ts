import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Authentication, WebsocketModule, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';

class User {
  constructor(
    private readonly first: string,
    private readonly last: string,
    readonly roles: readonly string[],
  ) {}

  get name(): string {
    return `${this.first} ${this.last}`;
  }

  can(role: string): boolean {
    return this.roles.includes(role);
  }
}

const alice = new User('Alice', 'Liddell', ['admin']);
const identities: Record<string, () => object> = {
  entity: () => alice,
  frozen: () => Object.freeze({ user: 'alice', admin: true }),
  polluting: () => JSON.parse('{ "user": "eve", "__proto__": { "admin": true } }') as object,
};
let revoked = false;

@WebSocketGateway()
class WhoGateway {
  @SubscribeMessage('name')
  name({ data }: Socket): unknown {
    const user = data as User;
    return { name: user.name, admin: user.can('admin'), keys: Object.keys(user) };
  }

  @SubscribeMessage('admin')
  admin({ data }: Socket): unknown {
    return { admin: (data as { admin?: boolean }).admin ?? false, own: Object.keys(data as object) };
  }

  @SubscribeMessage('sit')
  sit(client: Socket, [how, seat]: [string, number]): void {
    if (how === 'copied') client.data = { ...(client.data as object), seat };
    else if (how === 'frozen') client.data = Object.freeze({ ...(client.data as object), seat });
    else client.data.seat = seat;
  }
}

@Module({
  imports: [
    WebsocketModule.forRoot({
      authentication: ({ auth }) => {
        const { kind } = auth as { kind: string };
        return revoked ? { user: 'alice' } : identities[kind]!();
      },
    }),
  ],
  providers: [WhoGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);

test('socket.data keeps the class of the identity, with its getters, methods and private fields', async ({
  connect,
}) => {
  revoked = false;
  const client = await connect({ auth: { kind: 'entity' } });
  expect(await client.emitWithAck('name')).toEqual({
    name: 'Alice Liddell',
    admin: true,
    keys: ['first', 'last', 'roles'],
  });
});

test('a property set on socket.data does not appear on the object that authentication returned', async ({
  app,
  connect,
}) => {
  revoked = false;
  const [one, other] = [await connect({ auth: { kind: 'entity' } }), await connect({ auth: { kind: 'entity' } })];
  await one.emitWithAck('sit', 'set', 7);
  expect(app.io.sockets.sockets.get(one.id)!.data).toMatchObject({ seat: 7 });
  expect(app.io.sockets.sockets.get(other.id)!.data).not.toHaveProperty('seat');
  expect(alice).not.toHaveProperty('seat');
});

test('claims of a token cannot set the prototype of socket.data', async ({ connect }) => {
  revoked = false;
  const eve = await connect({ auth: { kind: 'polluting' } });
  expect(await eve.emitWithAck('admin')).toEqual({ admin: false, own: ['user'] });
});

test.for(['set', 'copied', 'frozen'])(
  'recheck() removes a revoked claim, even when the app has %s its data',
  async (how, { app, connect }) => {
    revoked = false;
    const client = await connect({ auth: { kind: 'frozen' } });
    await client.emitWithAck('sit', how, 7);
    expect(await client.emitWithAck('admin')).toMatchObject({ admin: true });
    revoked = true;
    await app.get(Authentication).recheck();
    expect(await client.emitWithAck('admin')).toEqual({ admin: false, own: ['seat', 'user'] });
  },
);
