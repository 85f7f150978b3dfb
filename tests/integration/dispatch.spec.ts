import { Injectable, Module, Scope } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GatewayOptionsError, WebsocketModule, type Socket } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { Observable } from 'rxjs';
import { describe } from 'vitest';

@Injectable()
class Journal {
  readonly entries: string[] = [];
}

@WebSocketGateway()
class FirstGateway {
  constructor(readonly journal: Journal) {}

  handleConnection(client: Socket): void {
    client.onAny((event: string) => this.journal.entries.push(`onAny ${event}`));
    client.on('order', () => this.journal.entries.push('raw'));
  }

  @SubscribeMessage('order')
  order(): void {
    this.journal.entries.push('first gateway');
  }

  @SubscribeMessage('add a middleware')
  addMiddleware(client: Socket): void {
    client.use(([event], next) => {
      this.journal.entries.push(`use ${event}`);
      next();
    });
  }

  @SubscribeMessage('who has it')
  nothing(): void {}

  @SubscribeMessage('ticks')
  ticks(): Observable<never> {
    return new Observable(() => {
      this.journal.entries.push('subscribed');
      return () => this.journal.entries.push('unsubscribed');
    });
  }
}

@WebSocketGateway()
class SecondGateway {
  constructor(readonly journal: Journal) {}

  @SubscribeMessage('order')
  order(): void {
    this.journal.entries.push('second gateway');
  }

  @SubscribeMessage('who has it')
  async value(): Promise<string> {
    return 'the second';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Visit {
  count = 0;
}

@WebSocketGateway({ namespace: 'scoped' })
class ScopedGateway {
  constructor(readonly visit: Visit) {}

  @SubscribeMessage('count')
  count(): number {
    this.visit.count += 1;
    return this.visit.count;
  }
}

@WebSocketGateway({ namespace: /^\/room-\d+$/ })
class RoomGateway {
  @SubscribeMessage('where am I')
  whereAmI(@ConnectedSocket() client: Socket): string {
    return client.nsp.name;
  }
}

@Module({
  imports: [WebsocketModule],
  providers: [Journal, FirstGateway, SecondGateway, Visit, ScopedGateway, RoomGateway],
})
class AppModule {}

const test = realtimeTest(AppModule);

describe('an event goes', () => {
  test('through onAny and every middleware, to raw listeners, to the handlers', async ({ app, connect }) => {
    const alice = await connect();
    await alice.emitWithAck('add a middleware');
    const { entries } = app.get(Journal);
    entries.length = 0;
    await alice.emitWithAck('order');
    expect(entries).toEqual(['onAny order', 'use order', 'raw', 'first gateway', 'second gateway']);
  });

  test('to the handlers of two gateways, and the one that returns a value gives the ack', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('who has it')).toBeAcked('the second');
  });

  test('to the instance of a request-scoped gateway for its client', async ({ connect }) => {
    const [alice, bob] = await connect(2, { namespace: 'scoped' });
    expect([await alice.emitWithAck('count'), await alice.emitWithAck('count')]).toEqual([1, 2]);
    await expect(bob.emitWithAck('count')).toBeAcked(1);
  });

  test('to a gateway whose namespace is a pattern', async ({ connect }) => {
    const alice = await connect({ namespace: '/room-7' });
    await expect(alice.emitWithAck('where am I')).toBeAcked('/room-7');
  });
});

test('a running Observable is unsubscribed when its client disconnects', async ({ app, connect }) => {
  const alice = await connect();
  alice.emit('ticks');
  await app.settle({ ignoreOpenStreams: true });
  await alice.disconnect();
  expect(app.get(Journal).entries).toEqual(expect.arrayContaining(['subscribed', 'unsubscribed']));
});

test.for([
  () => Promise.reject(new Error('no such table')),
  () => {
    throw new Error('no such table');
  },
])('an afterInit that fails makes the boot fail', async (fail) => {
  @WebSocketGateway()
  class FailingGateway {
    afterInit(): unknown {
      return fail();
    }
  }
  @Module({ imports: [WebsocketModule], providers: [FailingGateway] })
  class FailingModule {}

  await expect(startTestApp(FailingModule)).rejects.toThrow(
    'FailingModule could not be started: initialising the app failed: no such table',
  );
});

describe('gateways that share a server', () => {
  test('merge their options into one set', async () => {
    @WebSocketGateway()
    class PlainGateway {}
    @WebSocketGateway({ pingInterval: 12_345 })
    class FastGateway {}
    @WebSocketGateway({ namespace: 'other', pingTimeout: 6_789 })
    class OtherGateway {}
    @Module({ imports: [WebsocketModule], providers: [PlainGateway, FastGateway, OtherGateway] })
    class SharedModule {}

    const app = await startTestApp(SharedModule);
    try {
      expect(app.io.engine.opts).toMatchObject({ pingInterval: 12_345, pingTimeout: 6_789 });
    } finally {
      await app.close();
    }
  });

  test('fail the boot when their options disagree, and the error names them', async () => {
    @WebSocketGateway({ pingInterval: 1_000 })
    class OneGateway {}
    @WebSocketGateway({ namespace: 'two', pingInterval: 2_000 })
    class TwoGateway {}
    @Module({ imports: [WebsocketModule], providers: [OneGateway, TwoGateway] })
    class TornModule {}

    const error: unknown = await startTestApp(TornModule).catch((e: unknown) => e);
    expect((error as Error).cause).toBeInstanceOf(GatewayOptionsError);
    expect((error as Error).message).toContain(
      'OneGateway and TwoGateway share one Socket.IO server and disagree on its option "pingInterval".',
    );
  });

  test('cause no warning when 30 of them serve one namespace', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const gateways = Array.from({ length: 30 }, (_, index) => {
      @WebSocketGateway()
      class Gateway {
        handleConnection(): void {}
        handleDisconnect(): void {}

        @SubscribeMessage(`event ${index}`)
        handle(): number {
          return index;
        }
      }
      return Gateway;
    });
    @Module({ imports: [WebsocketModule], providers: gateways })
    class ManyModule {}

    const app = await startTestApp(ManyModule);
    try {
      const alice = await app.connect();
      await expect(alice.emitWithAck('event 29')).toBeAcked(29);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      await app.close();
      process.off('warning', onWarning);
    }
  });
});
