import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { CommandHandler, CqrsModule, EventBus, EventsHandler, Saga, ofType, type IEvent } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ClientProxyFactory, type ClientProxy, EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Server, type Socket } from 'nest-realtime-kit';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { map, type Observable } from 'rxjs';
import { describe, test as baseTest } from 'vitest';

/* What neither a client nor an HTTP request sets off, or not at once: it is in flight, and the cause of what it does. */

class Ordered {
  constructor(readonly item: string) {}
}

@Injectable()
class Shop {
  server!: Server;

  async tell(event: string, item?: string): Promise<void> {
    await delay(20);
    this.server.emit(event, item);
  }
}

@WebSocketGateway()
class ShopGateway {
  @WebSocketServer() private readonly server!: Server;

  constructor(
    private readonly shop: Shop,
    @Inject(EventEmitter2) private readonly emitter: EventEmitter2,
    @Inject(EventBus) private readonly events: EventBus,
  ) {}

  afterInit(): void {
    this.shop.server = this.server;
  }

  @SubscribeMessage('order')
  order(_client: Socket, item: string): void {
    this.emitter.emit('ordered', item);
    this.events.publish(new Ordered(item));
  }

  @SubscribeMessage('recall')
  recall(_client: Socket, item: string): void {
    this.emitter.emit('recalled', item);
    this.events.publish(new Recalled(item));
  }
}

@Injectable()
class OrderListener {
  constructor(private readonly shop: Shop) {}

  @OnEvent('ordered', { async: true })
  async onOrdered(item: string): Promise<void> {
    await this.shop.tell('listened', item);
  }
}

@EventsHandler(Ordered)
class OrderedHandler {
  constructor(private readonly shop: Shop) {}

  async handle({ item }: Ordered): Promise<void> {
    await this.shop.tell('handled', item);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedListener {
  constructor(private readonly shop: Shop) {}

  @OnEvent('recalled')
  async onRecalled(item: string): Promise<void> {
    await this.shop.tell('recalled', item);
  }
}

class Recall {
  constructor(readonly item: string) {}
}

class Recalled extends Recall {}

@Injectable()
class Sagas {
  @Saga()
  onRecalled(events: Observable<IEvent>): Observable<Recall> {
    return events.pipe(
      ofType(Recalled),
      map(({ item }) => new Recall(item)),
    );
  }
}

@CommandHandler(Recall)
class RecallHandler {
  constructor(private readonly shop: Shop) {}

  async execute({ item }: Recall): Promise<void> {
    await this.shop.tell('commanded', item);
  }
}

@Injectable()
class Tasks {
  constructor(private readonly shop: Shop) {}

  @Interval('restock', 1e9)
  async restock(): Promise<void> {
    await this.shop.tell('restocked');
  }

  @Interval(1)
  look(): void {}
}

@Module({
  imports: [WebsocketModule, ScheduleModule.forRoot(), EventEmitterModule.forRoot(), CqrsModule.forRoot()],
  providers: [
    Shop,
    ShopGateway,
    OrderListener,
    OrderedHandler,
    ScopedListener,
    Sagas,
    RecallHandler,
    Tasks,
    // Whatever a provider may be.
    { provide: 'bare', useValue: Object.create(Object.create(null) as object) },
    { provide: 'frozen', useValue: Object.freeze({ look() {} }) },
    { provide: 'nothing', useValue: null },
  ],
})
class ShopModule {}

const test = realtimeTest(ShopModule);

/** Does what the scheduler would, after an interval that is too long to wait for. */
function restock(app: TestApp): void {
  app.get(SchedulerRegistry).getInterval<{ _onTimeout(): unknown }>('restock')._onTimeout();
}

test('listeners of events that a handler emits are in flight, with the client as their cause', async ({
  app,
  connect,
}) => {
  const alice = await connect({ name: 'alice' });
  alice.emit('order', 'tea');
  await app.settle();
  expect(alice.received('listened')).toEqual([['tea']]);
  expect(alice.received('handled')).toEqual([['tea']]);
  const received = app.timeline.entries.filter(({ kind }) => kind === 'received');
  expect(received.map(({ cause }) => cause)).toEqual(
    [1, 2].map(() => expect.objectContaining({ client: 'alice', event: 'order' })),
  );
});

test('a request-scoped listener and a command of a saga are in flight', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  alice.emit('recall', 'tea');
  await app.settle();
  expect(alice.received('recalled')).toEqual([['tea']]);
  expect(alice.received('commanded')).toEqual([['tea']]);
});

test('two apps of one class each see only their own listeners', async ({ app, connect }) => {
  await using other = await startTestApp(ShopModule);
  const [alice, bob] = [await connect({ name: 'alice' }), await other.connect({ name: 'bob' })];
  alice.emit('recall', 'tea');
  await other.settle();
  await app.settle();
  expect(alice.received('recalled')).toEqual([['tea']]);
  expect(bob.received('recalled')).toEqual([]);
  expect(other.timeline.print()).not.toContain('ScopedListener');
});

test('ignoreOpenStreams skips a listener that never settles', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  app.get(Shop).tell = () => new Promise(() => {});
  alice.emit('order', 'tea');
  await expect(app.settle({ timeout: 100 })).rejects.toThrow('OrderListener.onOrdered for alice, open for');
  await app.settle({ ignoreOpenStreams: true });
});

test('a scheduled job is in flight, and is the cause of what it emits', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  restock(app);
  await app.settle();
  expect(alice.received('restocked')).toHaveLength(1);
  expect(app.timeline.transcript()).toContain('Tasks.restock began\n  → alice "restocked" (null)');
});

test('a job with a short interval does not keep settle() waiting', async ({ app, connect }) => {
  const alice = await connect({ transports: ['polling'] });
  await app.settle();
  await expect(alice).not.toReceive('restocked');
});

test('a job that has failed does not keep settle() waiting', async ({ app, connect }) => {
  app.logs.allowErrors('sold out');
  await connect();
  app.get(Shop).tell = () => Promise.reject(new Error('sold out'));
  restock(app);
  await app.settle();
});

test('settle() names a job that hangs', async ({ app, connect }) => {
  await connect();
  app.get(Shop).tell = () => new Promise(() => {});
  restock(app);
  await expect(app.settle({ timeout: 100 })).rejects.toThrow('Tasks.restock, open for');
  await app.settle({ ignoreOpenStreams: true });
});

describe('in a hybrid app', () => {
  @WebSocketGateway()
  class OrderGateway {
    @WebSocketServer() private readonly server!: Server;

    constructor(
      @Inject('BUS') private readonly bus: ClientProxy,
      private readonly shop: Shop,
    ) {}

    afterInit(): void {
      this.shop.server = this.server;
    }

    @SubscribeMessage('order')
    order(_client: Socket, item: string): string {
      this.bus.emit('order.created', item);
      return 'accepted';
    }

    @SubscribeMessage('stock')
    stock(_client: Socket, item: string): unknown {
      return this.bus.send('stock', item);
    }
  }

  @Controller()
  class OrderConsumer {
    constructor(private readonly shop: Shop) {}

    @EventPattern('order.created')
    async onOrder(item: string): Promise<void> {
      await this.shop.tell('order', item);
    }

    @EventPattern('fail')
    fail(_item: string): void {
      throw new Error('not today');
    }

    @MessagePattern('stock')
    async stock(item: string): Promise<number> {
      void this.shop.tell('asked', item);
      return 3;
    }
  }

  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  async function startHybrid(): Promise<TestApp> {
    const options = { host: '127.0.0.1', port: await freePort() };
    const bus = { provide: 'BUS', useFactory: () => ClientProxyFactory.create({ transport: Transport.TCP, options }) };
    @Module({ imports: [WebsocketModule], controllers: [OrderConsumer], providers: [OrderGateway, Shop, bus] })
    class OrderModule {}
    return startTestApp(OrderModule, {
      setup: async (nest) => {
        nest.connectMicroservice({ transport: Transport.TCP, options });
        await nest.startAllMicroservices();
      },
    });
  }

  baseTest('a message consumer is in flight, and is the cause of what it emits', async () => {
    await using app = await startHybrid();
    const alice = await app.connect({ name: 'alice' });
    alice.emit('order', 'tea');
    await app.settle();
    expect(alice.received('order')).toEqual([['tea']]);
    expect(app.timeline.print()).toContain(`"order" ('tea')  ← message 'order.created'`);
    await expect(alice.emitWithAck('stock', 'tea')).toBeAcked(3);
    await expect([alice]).toBeAllWhoReceive('asked', 'tea');
  });

  baseTest('a message consumer that fails is no longer in flight', async () => {
    await using app = await startHybrid();
    app.get<ClientProxy>('BUS').emit('fail', 'tea');
    await expect(app).toHaveLogged(/not today/, { level: 'error' });
    await app.settle();
  });
});
