import {
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import {
  ConnectedSocket,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { Server, Socket } from 'socket.io';
import { describe, test as plainTest } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { Journal } from '../support/nest-gateways/journal.js';

describe('hooks of a gateway', () => {
  @WebSocketGateway()
  class HooksGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
    @WebSocketServer() private readonly server!: Server;

    constructor(private readonly journal: Journal) {}

    afterInit(server: Server): void {
      this.journal.note(['afterInit', server instanceof Server, server === this.server]);
    }

    async handleConnection(client: Socket): Promise<void> {
      await client.join('everybody');
      client.emit('welcome', client.id);
      client.to('everybody').emit('joined', client.id);
      this.journal.note(['handleConnection', client instanceof Socket, client.id, client.connected]);
    }

    handleDisconnect(client: Socket, reason: string): void {
      this.server.emit('left', client.id);
      this.journal.note(['handleDisconnect', client instanceof Socket, client.id, reason]);
    }

    @SubscribeMessage('throw me out')
    throwOut(@ConnectedSocket() client: Socket): void {
      client.disconnect();
    }
  }

  const test = realtimeTest(appOf(HooksGateway));

  test('afterInit is called once, with the server, before any client is there', async ({ app, connect }) => {
    await connect(2);
    const calls = app.get(Journal).entries as unknown[][];
    expect(calls[0]).toEqual(['afterInit', true, true]);
    expect(calls.filter(([hook]) => hook === 'afterInit')).toHaveLength(1);
  });

  test('handleConnection is called once for each client, with its socket', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    await expect(alice).toReceiveInOrder(['welcome', alice.id], ['joined', bob.id]);
    await expect(bob).toReceiveExactly(['welcome', bob.id]);
    expect(app.get(Journal).entries.slice(1)).toEqual([
      ['handleConnection', true, alice.id, true],
      ['handleConnection', true, bob.id, true],
    ]);
  });

  test('handleDisconnect is called once when a client leaves, with the reason', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    const { id } = alice;
    await alice.disconnect();
    await expect(bob).toReceive('left', id);
    expect(app.get(Journal).entries.slice(3)).toEqual([['handleDisconnect', true, id, 'client namespace disconnect']]);
  });

  test('handleDisconnect is called once when the server disconnects a client', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    const { id } = alice;
    alice.emit('throw me out');
    await expect(alice).toBeDisconnected('io server disconnect');
    await expect(bob).toReceive('left', id);
    expect(app.get(Journal).entries.slice(3)).toEqual([['handleDisconnect', true, id, 'server namespace disconnect']]);
  });

  test('handleDisconnect is called for every client when the app is closed', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    const ids = [alice.id, bob.id];
    await app.close();
    const left = (app.get(Journal).entries as unknown[][]).filter(([hook]) => hook === 'handleDisconnect');
    expect(new Set(left.map(([, , id]) => id))).toEqual(new Set(ids));
    expect(left).toHaveLength(2);
  });
});

describe('hooks of several gateways', () => {
  abstract class NotingGateway implements OnGatewayConnection, OnGatewayDisconnect {
    @Inject(Journal) private readonly journal!: Journal;

    handleConnection({ nsp }: Socket): void {
      this.journal.note(`${this.constructor.name} connected ${nsp.name}`);
    }

    handleDisconnect({ nsp }: Socket): void {
      this.journal.note(`${this.constructor.name} disconnected ${nsp.name}`);
    }
  }

  @WebSocketGateway()
  class One extends NotingGateway {}

  @WebSocketGateway()
  class Two extends NotingGateway {}

  @WebSocketGateway({ namespace: 'chat' })
  class Chat extends NotingGateway {}

  @WebSocketGateway()
  class NoHooks {
    @SubscribeMessage('ping')
    ping(): string {
      return 'pong';
    }
  }

  const test = realtimeTest(appOf(One, Two, Chat, NoHooks));

  test("are called once each, only on the gateway's namespace", async ({ app, connect }) => {
    const { entries } = app.get(Journal);
    const alice = await connect();
    expect(await alice.emitWithAck('ping')).toBe('pong');
    expect(new Set(entries)).toEqual(new Set(['One connected /', 'Two connected /']));
    const bob = await connect({ namespace: 'chat' });
    await bob.disconnect();
    expect(entries.slice(2)).toEqual(['Chat connected /chat', 'Chat disconnected /chat']);
    await alice.disconnect();
    expect(new Set(entries.slice(4))).toEqual(new Set(['One disconnected /', 'Two disconnected /']));
    expect(entries).toHaveLength(6);
  });

  test('are called again for a client that reconnects', async ({ app, connect }) => {
    const alice = await connect({ namespace: 'chat' });
    await alice.disconnect();
    alice.socket.connect();
    await expect(alice).toBeConnected();
    await app.settle();
    expect(app.get(Journal).entries).toEqual([
      'Chat connected /chat',
      'Chat disconnected /chat',
      'Chat connected /chat',
    ]);
  });
});

describe('a connection that is lost and recovered', () => {
  @WebSocketGateway()
  class RecoveringGateway {
    handleConnection(client: Socket): void {
      client.emit('connection', client.recovered);
    }

    @SubscribeMessage('ping')
    ping(@ConnectedSocket() client: Socket): unknown {
      return { id: client.id, recovered: client.recovered };
    }
  }

  @Module({
    imports: [WebsocketModule.forRoot({ connectionStateRecovery: {} })],
    providers: [RecoveringGateway],
  })
  class RecoveringModule {}

  realtimeTest(RecoveringModule)('keeps its id and is served', async ({ connect }) => {
    const alice = await connect({ reconnection: true, reconnectionDelay: 1 });
    const { id } = alice;
    await expect(alice).toReceive('connection', false);
    alice.socket.io.engine.close();
    await expect(alice).toReceive('connection', true);
    expect(await alice.emitWithAck('ping')).toEqual({ id, recovered: true });
  });
});

describe('a connection that is refused in handleConnection', () => {
  @WebSocketGateway()
  class DoorGateway {
    handleConnection(client: Socket): void {
      if (client.handshake.auth.ticket === undefined) client.disconnect(true);
    }

    @SubscribeMessage('ping')
    ping(): string {
      return 'pong';
    }
  }

  realtimeTest(appOf(DoorGateway))('is closed, and other clients are still served', async ({ app, connect }) => {
    const alice = await connect({ auth: { ticket: 1 } });
    await expect(connect()).toBeRefused();
    expect(app.io.sockets.sockets.size).toBe(1);
    expect(await alice.emitWithAck('ping')).toBe('pong');
  });
});

describe('lifecycle hooks', () => {
  @WebSocketGateway()
  class LifecycleGateway
    implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown, OnGatewayInit
  {
    constructor(private readonly journal: Journal) {}

    onModuleInit(): void {
      this.journal.note('onModuleInit');
    }

    afterInit(): void {
      this.journal.note('afterInit');
    }

    onApplicationBootstrap(): void {
      this.journal.note('onApplicationBootstrap');
    }

    onModuleDestroy(): void {
      this.journal.note('onModuleDestroy');
    }

    onApplicationShutdown(): void {
      this.journal.note('onApplicationShutdown');
    }
  }

  plainTest('are called for a gateway as for any provider', async () => {
    const app = await startTestApp(appOf(LifecycleGateway));
    const { entries } = app.get(Journal);
    expect(new Set(entries)).toEqual(new Set(['onModuleInit', 'afterInit', 'onApplicationBootstrap']));
    await app.connect();
    await app.close();
    expect(entries.slice(3)).toEqual(['onModuleDestroy', 'onApplicationShutdown']);
  });
});
