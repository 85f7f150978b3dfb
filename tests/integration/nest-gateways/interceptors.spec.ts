import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ClassSerializerInterceptor,
  Injectable,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException, type WsResponse } from '@nestjs/websockets';
import { Exclude } from 'class-transformer';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { EMPTY, catchError, from, map, of, tap, throwError, type Observable } from 'rxjs';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

function interceptorThat(intercept: NestInterceptor['intercept']): NestInterceptor {
  return { intercept };
}

describe('interceptors around a handler', () => {
  @Injectable()
  class Outer implements NestInterceptor {
    constructor(private readonly journal: Journal) {}

    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.journal.note('outer, before');
      return next.handle().pipe(tap(() => this.journal.note('outer, after')));
    }
  }

  @Injectable()
  class Inner implements NestInterceptor {
    constructor(private readonly journal: Journal) {}

    async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
      await Promise.resolve();
      this.journal.note('inner, before');
      return next.handle().pipe(tap(() => this.journal.note('inner, after')));
    }
  }

  @Injectable()
  class Innermost implements NestInterceptor {
    constructor(private readonly journal: Journal) {}

    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.journal.note('innermost, before');
      return next.handle().pipe(tap(() => this.journal.note('innermost, after')));
    }
  }

  @UseInterceptors(Outer)
  @WebSocketGateway()
  class WrappedGateway {
    constructor(private readonly journal: Journal) {}

    @UseInterceptors(Inner, Innermost)
    @SubscribeMessage('enter')
    async enter(): Promise<string> {
      await Promise.resolve();
      this.journal.note('handler');
      return 'entered';
    }
  }

  realtimeTest(appOf(WrappedGateway))(
    "nest as they are listed, with the gateway's outermost",
    async ({ app, connect }) => {
      const alice = await connect();
      expect(await alice.emitWithAck('enter')).toBe('entered');
      expect(app.get(Journal).entries).toEqual([
        'outer, before',
        'inner, before',
        'innermost, before',
        'handler',
        'innermost, after',
        'inner, after',
        'outer, after',
      ]);
    },
  );
});

describe('an AsyncLocalStorage context that an interceptor enters', () => {
  const trace = new AsyncLocalStorage<string>();

  @UseInterceptors(
    interceptorThat((context, next) => trace.run(context.switchToWs().getPattern(), () => next.handle())),
  )
  @WebSocketGateway()
  class TracedGateway {
    @SubscribeMessage('trace')
    trace(): string | undefined {
      return trace.getStore();
    }

    @SubscribeMessage('trace later')
    async traceLater(
      @MessageBody({ transform: async (value: unknown) => Promise.resolve(value) }) body: string,
    ): Promise<string> {
      await Promise.resolve();
      return `${body}: ${trace.getStore()}`;
    }
  }

  realtimeTest(appOf(TracedGateway))('is visible to the handler', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('trace')).toBe('trace');
    expect(await alice.emitWithAck('trace later', 'body')).toBe('body: trace later');
  });
});

describe('an interceptor', () => {
  @UseGuards({
    canActivate(context: ExecutionContext): boolean {
      context.switchToWs().getData<string[]>().push('guard');
      return true;
    },
  })
  @UseInterceptors(
    interceptorThat((context, next) => {
      context.switchToWs().getData<string[]>().push('interceptor');
      return next.handle();
    }),
  )
  @UsePipes({
    transform(value: unknown): unknown {
      if (Array.isArray(value)) value.push('pipe');
      return value;
    },
  })
  @WebSocketGateway()
  class OrderGateway {
    @SubscribeMessage('order')
    order(@MessageBody() body: string[]): { order: string[] } {
      return { order: [...body, 'handler'] };
    }
  }

  realtimeTest(appOf(OrderGateway))('runs after the guards and before the pipes', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('order', [])).toEqual({
      order: ['guard', 'interceptor', 'pipe', 'handler'],
    });
  });
});

describe('an interceptor can', () => {
  const doubling = interceptorThat((_context, next) => next.handle().pipe(map((value: number) => 2 * value)));
  const wrapping = interceptorThat((_context, next) =>
    next.handle().pipe(map((data: unknown) => ({ event: 'wrapped', data }))),
  );
  const cached = interceptorThat((context, next) =>
    context.switchToWs().getData() === 'cached' ? of('from the cache') : next.handle(),
  );
  const silencing = interceptorThat(() => EMPTY);
  const rescuing = interceptorThat((_context, next) =>
    next.handle().pipe(catchError((error: Error) => of(`rescued from ${error.message}`))),
  );
  const failing = interceptorThat(() => throwError(() => new WsException('no entry')));
  const throwing = interceptorThat(() => {
    throw new WsException('no entry');
  });
  const renaming = interceptorThat((_context, next) =>
    next.handle().pipe(catchError(() => throwError(() => new WsException('renamed')))),
  );

  @WebSocketGateway()
  class AnswersGateway {
    constructor(private readonly journal: Journal) {}

    @UseInterceptors(doubling)
    @SubscribeMessage('double')
    double(@MessageBody() count: number): number {
      return count;
    }

    @UseInterceptors(doubling, doubling)
    @SubscribeMessage('double each')
    doubleEach(): Observable<number> {
      return from([1, 2]);
    }

    @UseInterceptors(wrapping)
    @SubscribeMessage('wrap')
    wrap(@MessageBody() body: unknown): unknown {
      return body;
    }

    @UseInterceptors(wrapping, doubling)
    @SubscribeMessage('wrap each')
    wrapEach(): Observable<number> {
      return from([1, 2, 3]);
    }

    @UseInterceptors(cached)
    @SubscribeMessage('cached')
    cached(@MessageBody() body: string): string {
      this.journal.note(body);
      return 'from the handler';
    }

    @UseInterceptors(silencing)
    @SubscribeMessage('silenced')
    silenced(): WsResponse {
      this.journal.note('silenced');
      return { event: 'not to be seen', data: 1 };
    }

    @UseInterceptors(rescuing)
    @SubscribeMessage('rescued')
    async rescued(): Promise<never> {
      return Promise.reject(new Error('the fire'));
    }

    @UseInterceptors(failing)
    @SubscribeMessage('failing')
    failing(): void {
      this.journal.note('failing');
    }

    @UseInterceptors(throwing)
    @SubscribeMessage('throwing')
    throwing(): void {
      this.journal.note('throwing');
    }

    @UseInterceptors(renaming)
    @SubscribeMessage('renamed')
    renamed(): never {
      throw new Error('secret of the server');
    }
  }

  const test = realtimeTest(appOf(AnswersGateway));

  test('replace the value of an ack', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('double', 21)).toBe(42);
  });

  test('replace each value of an Observable', async ({ app, connect }) => {
    const alice = await connect();
    const answers: unknown[] = [];
    alice.emit('double each', (answer: unknown) => answers.push(answer));
    await app.settle();
    expect(answers).toEqual([4]);
    alice.emit('wrap each');
    await expect(alice).toReceiveExactly(['wrapped', 2], ['wrapped', 4], ['wrapped', 6]);
  });

  test('turn a value into an event', async ({ connect }) => {
    const alice = await connect();
    alice.emit('wrap', 'hi');
    await expect(alice).toReceiveExactly(['wrapped', 'hi']);
  });

  test('answer in place of the handler', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('cached', 'cached')).toBe('from the cache');
    expect(await alice.emitWithAck('cached', 'fresh')).toBe('from the handler');
    expect(app.get(Journal).entries).toEqual(['fresh']);
  });

  test('suppress the answer without calling the handler', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('silenced');
    await expect(alice).toReceiveExactly();
    expect(app.get(Journal).entries).toEqual([]);
  });

  test('turn an error into an answer', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('rescued')).toBe('rescued from the fire');
  });

  for (const event of ['failing', 'throwing']) {
    test(`raise an error without calling the handler: ${event}`, async ({ app, connect }) => {
      const alice = await connect();
      alice.emit(event);
      await expect(alice).toReceiveExactly(['exception', exception('no entry')]);
      expect(app.get(Journal).entries).toEqual([]);
    });
  }

  test('replace an error', async ({ connect }) => {
    const alice = await connect();
    alice.emit('renamed');
    await expect(alice).toReceiveExactly(['exception', exception('renamed')]);
  });
});

describe('ClassSerializerInterceptor', () => {
  class User {
    constructor(
      readonly name: string,
      password: string,
    ) {
      this.password = password;
    }

    @Exclude()
    readonly password: string;
  }

  class UserResponse implements WsResponse<User> {
    readonly event = 'user';
    constructor(readonly data: User) {}
  }

  @UseInterceptors(ClassSerializerInterceptor)
  @WebSocketGateway()
  class UsersGateway {
    @SubscribeMessage('ack user')
    ackUser(@MessageBody() name: string): User {
      return new User(name, 'secret');
    }

    @SubscribeMessage('emit user')
    emitUser(@MessageBody() name: string): UserResponse {
      return new UserResponse(new User(name, 'secret'));
    }
  }

  const test = realtimeTest(appOf(UsersGateway));

  test('removes excluded properties from an ack and from an event', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('ack user', 'Alice')).toEqual({ name: 'Alice' });
    alice.emit('emit user', 'Alice');
    await expect(alice).toReceiveExactly(['user', { name: 'Alice' }]);
  });
});
