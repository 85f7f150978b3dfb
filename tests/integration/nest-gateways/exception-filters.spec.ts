import {
  Catch,
  HttpException,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { throwError } from 'rxjs';
import type { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

describe('without a filter', () => {
  class OutOfStock extends WsException {
    constructor(readonly item: string) {
      super(`no ${item} left`);
    }
  }

  @WebSocketGateway()
  class FailingGateway {
    @SubscribeMessage('text')
    text(): never {
      throw new WsException('not like this');
    }

    @SubscribeMessage('object')
    object(): never {
      throw new WsException({ status: 'error', message: 'not like this', reason: 'too late' });
    }

    @SubscribeMessage('subclass')
    subclass(): never {
      throw new OutOfStock('tea');
    }

    @SubscribeMessage('rejecting')
    async rejecting(): Promise<never> {
      await Promise.resolve();
      throw new WsException('not like this');
    }

    @SubscribeMessage('unexpected')
    unexpected(): never {
      throw new TypeError('secret of the server');
    }

    @SubscribeMessage('unexpected, later')
    async unexpectedLater(): Promise<never> {
      return Promise.reject(new TypeError('secret of the server'));
    }

    @SubscribeMessage('no error at all')
    noErrorAtAll(): never {
      // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
      throw 'secret of the server';
    }

    @SubscribeMessage('fine')
    fine(): string {
      return 'fine';
    }
  }

  const test = realtimeTest(appOf(FailingGateway));

  for (const event of ['text', 'object', 'rejecting']) {
    test(`a WsException is emitted as "exception", only to the sender: ${event}`, async ({ connect }) => {
      const [alice, bob] = await connect(2);
      alice.emit(event);
      await expect(alice).toReceiveExactly(['exception', exception('not like this')]);
      await expect(bob).toReceiveExactly();
      expect(await alice.emitWithAck('fine')).toBe('fine');
    });
  }

  test('a subclass of WsException is emitted as "exception"', async ({ connect }) => {
    const alice = await connect();
    alice.emit('subclass');
    await expect(alice).toReceiveExactly(['exception', exception('no tea left')]);
  });

  test('a WsException is not logged', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('text');
    await expect(alice).toReceive('exception');
    await expect(app).not.toHaveLogged(/not like this/);
  });

  for (const event of ['unexpected', 'unexpected, later', 'no error at all']) {
    test(`any other error is logged and hidden from the client: ${event}`, async ({ app, connect }) => {
      const alice = await connect();
      alice.emit(event);
      await expect(alice).toReceiveExactly(['exception', exception('Internal server error')]);
      await expect(app).toHaveLogged(/secret of the server/, { level: 'error' });
      expect(JSON.stringify(alice.received('exception'))).not.toContain('secret');
      expect(await alice.emitWithAck('fine')).toBe('fine');
    });
  }
});

describe('an error is caught by', () => {
  class StockError extends Error {}
  class TeaError extends StockError {}

  /** Says which filter has caught what. */
  abstract class NamedFilter implements ExceptionFilter<Error> {
    catch(caught: Error, host: ArgumentsHost): void {
      host.switchToWs().getClient<Socket>().emit('caught', this.constructor.name, caught.message);
    }
  }

  @Catch(StockError)
  class StockFilter extends NamedFilter {}

  @Catch(TeaError, RangeError)
  class TeaFilter extends NamedFilter {}

  @Catch()
  class EveryFilter extends NamedFilter {}

  @UseFilters(StockFilter)
  @WebSocketGateway()
  class ShopGateway {
    @SubscribeMessage('stock')
    stock(): never {
      throw new StockError('empty');
    }

    @UseFilters(TeaFilter)
    @SubscribeMessage('tea')
    tea(@MessageBody() which: string): never {
      if (which === 'range') throw new RangeError('too much');
      if (which === 'other') throw new WsException('neither');
      throw which === 'tea' ? new TeaError('no tea') : new StockError('empty');
    }

    @UseFilters(EveryFilter)
    @SubscribeMessage('every')
    every(@MessageBody() which: string): never {
      throw which === 'stock' ? new StockError('empty') : new WsException('whatever');
    }
  }

  const test = realtimeTest(appOf(ShopGateway));

  test("the gateway's filter when the handler has none for it", async ({ connect }) => {
    const alice = await connect();
    alice.emit('stock');
    await expect(alice).toReceiveExactly(['caught', 'StockFilter', 'empty']);
    alice.emit('tea', 'stock');
    await expect(alice).toReceiveExactly(['caught', 'StockFilter', 'empty']);
  });

  test("the handler's filter before the gateway's", async ({ connect }) => {
    const alice = await connect();
    alice.emit('tea', 'tea');
    await expect(alice).toReceiveExactly(['caught', 'TeaFilter', 'no tea']);
    alice.emit('every', 'stock');
    await expect(alice).toReceiveExactly(['caught', 'EveryFilter', 'empty']);
  });

  test('a filter for several classes, and a filter for all errors', async ({ connect }) => {
    const alice = await connect();
    alice.emit('tea', 'range');
    await expect(alice).toReceiveExactly(['caught', 'TeaFilter', 'too much']);
    alice.emit('every', 'other');
    await expect(alice).toReceiveExactly(['caught', 'EveryFilter', 'whatever']);
  });

  test("Nest's own filter when no other filter is for it", async ({ connect }) => {
    const alice = await connect();
    alice.emit('tea', 'other');
    await expect(alice).toReceiveExactly(['exception', exception('neither')]);
  });
});

describe('a filter', () => {
  @Injectable()
  @Catch()
  class NotingFilter implements ExceptionFilter {
    constructor(private readonly journal: Journal) {}

    catch(caught: Error, host: ArgumentsHost): void {
      const ws = host.switchToWs();
      const client = ws.getClient<Socket>();
      this.journal.note({
        type: host.getType(),
        id: client.id,
        data: ws.getData(),
        pattern: ws.getPattern(),
      });
      client.emit('caught', caught.message);
    }
  }

  @UseFilters(NotingFilter)
  @WebSocketGateway()
  class FilteredGateway {
    @SubscribeMessage('handler')
    handler(): never {
      throw new Error('handler');
    }

    @SubscribeMessage('promise')
    async promise(): Promise<never> {
      return Promise.reject(new Error('promise'));
    }

    @SubscribeMessage('stream')
    stream(): unknown {
      return throwError(() => new Error('stream'));
    }

    @UseGuards({
      canActivate: () => {
        throw new Error('guard');
      },
    })
    @SubscribeMessage('guard')
    guard(): void {}

    @UseGuards({ canActivate: () => false })
    @SubscribeMessage('Forbidden resource')
    refused(): void {}

    @UseInterceptors({
      intercept: () => {
        throw new Error('interceptor');
      },
    })
    @SubscribeMessage('interceptor')
    interceptor(): void {}

    @SubscribeMessage('pipe')
    pipe(
      @MessageBody({
        transform: () => {
          throw new Error('pipe');
        },
      })
      body: unknown,
    ): unknown {
      return body;
    }
  }

  const test = realtimeTest(appOf(FilteredGateway));

  for (const event of ['handler', 'promise', 'stream', 'guard', 'Forbidden resource', 'interceptor', 'pipe']) {
    test(`catches an error of the ${event}, with its client, payload and event`, async ({ app, connect }) => {
      const [, alice] = await connect(2);
      alice.emit(event, { body: event });
      await expect(alice).toReceiveExactly(['caught', event]);
      expect(app.get(Journal).entries).toEqual([{ type: 'ws', id: alice.id, data: { body: event }, pattern: event }]);
    });
  }
});

describe('an exception filter', () => {
  @Catch(HttpException)
  class HttpFilter extends BaseWsExceptionFilter {
    override catch(caught: HttpException, host: ArgumentsHost): void {
      // oxlint-disable-next-line promise/valid-params -- a filter's, not a promise's
      super.catch(new WsException(`${caught.getStatus()} ${caught.message}`), host);
    }
  }

  @Catch()
  class PassingFilter extends BaseWsExceptionFilter {
    override catch(caught: unknown, host: ArgumentsHost): void {
      host.switchToWs().getClient<Socket>().emit('passing');
      // oxlint-disable-next-line promise/valid-params -- a filter's, not a promise's
      super.catch(caught, host);
    }
  }

  @Catch()
  class AckingFilter implements ExceptionFilter<Error> {
    catch(caught: Error, host: ArgumentsHost): void {
      const ack = host.getArgByIndex<((answer: unknown) => void) | undefined>(2);
      ack?.({ failed: caught.message });
    }
  }

  @Catch()
  class LateFilter implements ExceptionFilter<Error> {
    async catch(caught: Error, host: ArgumentsHost): Promise<void> {
      await Promise.resolve();
      host.switchToWs().getClient<Socket>().emit('late', caught.message);
    }
  }

  @Catch()
  class RethrowingFilter implements ExceptionFilter<Error> {
    catch(caught: Error): never {
      throw caught;
    }
  }

  @WebSocketGateway()
  class AnsweringGateway {
    @UseFilters(new HttpFilter())
    @SubscribeMessage('http')
    http(): never {
      throw new HttpException('no such order', 404);
    }

    @UseFilters(PassingFilter)
    @SubscribeMessage('pass')
    pass(@MessageBody() expected: boolean): never {
      throw expected ? new WsException('expected') : new Error('secret of the server');
    }

    @UseFilters(new AckingFilter())
    @SubscribeMessage('ack')
    ack(): never {
      throw new Error('the reason');
    }

    @UseFilters(new LateFilter())
    @SubscribeMessage('late')
    late(): never {
      throw new Error('the reason');
    }

    @UseFilters(new RethrowingFilter())
    @SubscribeMessage('rethrow')
    rethrow(@MessageBody() fails: boolean): string {
      if (fails) throw new Error('thrown twice');
      return 'fine';
    }
  }

  const test = realtimeTest(appOf(AnsweringGateway));

  test('can pass another error to the base filter', async ({ connect }) => {
    const alice = await connect();
    alice.emit('http');
    await expect(alice).toReceiveExactly(['exception', exception('404 no such order')]);
  });

  test('can pass the error to the base filter after its own work', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('pass', true);
    await expect(alice).toReceiveExactly(['passing'], ['exception', exception('expected')]);
    alice.emit('pass', false);
    await expect(alice).toReceiveExactly(['passing'], ['exception', exception('Internal server error')]);
    await expect(app).toHaveLogged(/secret of the server/, { level: 'error' });
  });

  test('can answer through the ack, the third argument of a handler', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('ack')).toEqual({ failed: 'the reason' });
    expect(await alice.emitWithAck('ack', 'a body')).toEqual({ failed: 'the reason' });
    await expect(alice).toReceiveExactly();
  });

  test('can answer asynchronously', async ({ connect }) => {
    const alice = await connect();
    alice.emit('late');
    await expect(alice).toReceive('late', 'the reason');
  });

  test('that throws is logged, and the event keeps working', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('rethrow', true);
    await expect(app).toHaveLogged(/thrown twice/, { level: 'error' });
    expect(await alice.emitWithAck('rethrow', false)).toBe('fine');
  });
});
