import { setTimeout as delay } from 'node:timers/promises';
import { Module, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Server } from 'nest-realtime-kit';
import { startTestApp, UndeclaredErrorLogsError, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { catchError, of } from 'rxjs';
import { describe, test } from 'vitest';

const passing: NestInterceptor = { intercept: (_context, next) => next.handle() };
const recovering: NestInterceptor = {
  intercept: (_context, next) => next.handle().pipe(catchError(() => of('a copy'))),
};

@UseInterceptors(passing)
@WebSocketGateway()
class BoardGateway {
  @WebSocketServer() private readonly server!: Server;

  @SubscribeMessage('move')
  async move(): Promise<string> {
    await delay(50);
    this.server.emit('moved');
    return 'moved';
  }

  @UseInterceptors(recovering)
  @SubscribeMessage('load')
  load(): never {
    throw new Error('the disk is away');
  }

  @SubscribeMessage('save')
  async save(): Promise<void> {
    await delay(20);
    throw new Error('the disk is full');
  }
}

/** Has an event of the same name, and no interceptor. */
@WebSocketGateway({ namespace: 'plain' })
class PlainGateway {
  @SubscribeMessage('move')
  move(): string {
    return 'moved';
  }
}

@Module({ imports: [WebsocketModule.forRoot()], providers: [BoardGateway, PlainGateway] })
class KitModule {}

@Module({ providers: [BoardGateway, PlainGateway] })
class PlainModule {}

describe.each([
  ['with WebsocketModule', KitModule],
  ['on plain Nest', PlainModule],
])('a handler behind an interceptor, %s,', (_, module) => {
  test('stays in flight when its client has left', async () => {
    await using app = await startTestApp(module);
    const [alice, bob] = await app.connect(2);
    alice.emit('move');
    await begun(app);
    await alice.disconnect();
    await expect(expect(bob).not.toReceive('moved')).rejects.toThrow('client-2 got "moved"');
  });

  test('is not ignored as an open stream', async () => {
    await using app = await startTestApp(module, { ignoreOpenStreams: true });
    const [alice, bob] = await app.connect(2);
    alice.emit('move');
    await expect(expect(bob).not.toReceive('moved')).rejects.toThrow('client-2 got "moved"');
  });

  test('is recorded with the time that it takes', async () => {
    await using app = await startTestApp(module);
    const alice = await app.connect();
    await alice.emitWithAck('move');
    const plain = await app.connect({ namespace: 'plain' });
    await plain.emitWithAck('move');
    const [handled, ...others] = app.timeline.entries.filter(({ kind }) => kind === 'handled');
    expect(others).toMatchObject([{ namespace: '/plain' }]);
    expect(handled).toMatchObject({ event: 'move', took: expect.toSatisfy((took: number) => took > 40) as number });
  });

  test('does not count as refused when an interceptor recovers its error', async () => {
    await using app = await startTestApp(module, { refusals: 'fail' });
    const alice = await app.connect();
    await expect(alice.emitWithAck('load')).toBeAcked('a copy');
    alice.emit('load');
  });

  test('fails the test with an error that it throws at the end', async () => {
    const app = await startTestApp(module, { errorLogs: 'fail' });
    const alice = await app.connect();
    alice.emit('save');
    const closed: unknown = await app.close().catch((error: unknown) => error);
    expect((closed as AggregateError).errors).toEqual([expect.any(UndeclaredErrorLogsError)]);
  });
});

/** Resolves when a handler runs. */
async function begun(app: TestApp): Promise<void> {
  await expect
    .poll(() => app.activity.work.some(({ what }) => what.startsWith('handler of')), { interval: 1 })
    .toBe(true);
}
