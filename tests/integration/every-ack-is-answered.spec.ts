import { setTimeout as delay } from 'node:timers/promises';
import {
  BadRequestException,
  Catch,
  InternalServerErrorException,
  Module,
  NotFoundException,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type NestInterceptor,
} from '@nestjs/common';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WebsocketModule, type Ack as AckFunction, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { EMPTY, NEVER, concat, of, throwError, type Observable } from 'rxjs';
import { describe } from 'vitest';

class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class NobodyLater implements CanActivate {
  async canActivate(): Promise<boolean> {
    await delay(5);
    return false;
  }
}

class Failing implements NestInterceptor {
  intercept(): Observable<never> {
    return throwError(() => new Error('the interceptor is broken'));
  }
}

@Catch(TypeError)
class AckingFilter implements ExceptionFilter {
  async catch(_: TypeError, host: ArgumentsHost): Promise<void> {
    await delay(5);
    const [, , ack] = host.getArgs<[Socket, unknown, AckFunction | undefined]>();
    ack?.('the filter has answered');
  }
}

@Catch(RangeError)
class SilentFilter implements ExceptionFilter {
  catch(): void {}
}

@Catch(SyntaxError)
class BrokenFilter implements ExceptionFilter {
  catch(): void {
    throw new Error('the filter is broken');
  }
}

/** As class-validator makes them: with the object that failed. */
const validationErrors = [
  {
    property: 'name',
    target: { name: 42, token: 'secret' },
    value: 42,
    constraints: { isString: 'name must be a string' },
    children: [{ property: 'first', target: { token: 'secret' }, value: 42, constraints: { min: 'too short' } }],
  },
];

@WebSocketGateway()
@UseFilters(new AckingFilter(), new SilentFilter(), new BrokenFilter())
class AnsweringGateway {
  @SubscribeMessage('throw')
  throw(): void {
    throw new Error('secret: the password of the database');
  }

  @SubscribeMessage('throw what cannot be read')
  throwUnreadable(): void {
    throw Object.defineProperty(new Error('secret'), 'message', {
      get: () => {
        throw new Error('secret');
      },
    });
  }

  @SubscribeMessage('reject with what cannot be read')
  async rejectUnreadable(): Promise<void> {
    throw Object.defineProperty(new WsException('secret'), 'getError', {
      get: () => {
        throw new Error('secret');
      },
    });
  }

  @SubscribeMessage('a code that cannot be encoded')
  badCode(): void {
    throw Object.assign(new WsException({ code: 1n, message: 'no such room' }), { code: 1n });
  }

  @SubscribeMessage('an exception made of an error')
  ofAnError(): void {
    throw new WsException(Object.assign(new Error('the store is down'), { address: 'secret', port: 5432 }) as object);
  }

  @SubscribeMessage('throw no error')
  throwNoError(): void {
    // oxlint-disable-next-line typescript/only-throw-error -- such code there is
    throw undefined;
  }

  @SubscribeMessage('reject')
  async reject(): Promise<void> {
    await delay(5);
    throw new Error('secret');
  }

  @SubscribeMessage('ws exception')
  wsException(): void {
    throw new WsException('no such room');
  }

  @SubscribeMessage('ws exception with fields')
  wsExceptionWithFields(): void {
    throw new WsException({ code: 'ROOM_FULL', message: 'the room is full', seats: 12 });
  }

  @SubscribeMessage('ws exception with a list')
  wsExceptionWithList(): void {
    throw new WsException(validationErrors);
  }

  @SubscribeMessage('not found')
  notFound(): void {
    throw new NotFoundException('no such room');
  }

  @SubscribeMessage('validation')
  validation(): void {
    throw new BadRequestException(['name must be a string', 'age must not be less than 0']);
  }

  @SubscribeMessage('server error')
  serverError(): void {
    throw new InternalServerErrorException('secret');
  }

  @SubscribeMessage('guard')
  @UseGuards(Nobody)
  guard(): void {}

  @SubscribeMessage('slow guard')
  @UseGuards(NobodyLater)
  slowGuard(): void {}

  @SubscribeMessage('pipe')
  pipe(@MessageBody(ParseIntPipe) value: number): number {
    return value;
  }

  @SubscribeMessage('interceptor')
  @UseInterceptors(Failing)
  interceptor(): void {}

  @SubscribeMessage('failing stream')
  failingStream(): Observable<never> {
    return throwError(() => new WsException('the stream broke'));
  }

  @SubscribeMessage('stream that fails after its value')
  lateStream(): Observable<number> {
    return concat(
      of(1),
      throwError(() => new Error('too late')),
    );
  }

  @SubscribeMessage('cannot be encoded')
  cyclic(): object {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    return cyclic;
  }

  @SubscribeMessage('cannot be encoded, and is never followed')
  neverFollowed(): Observable<unknown> {
    return concat(of(1n), NEVER);
  }

  @SubscribeMessage('cannot be encoded either')
  bigint(): bigint {
    return 1n;
  }

  @SubscribeMessage('reserved event')
  reserved(): object {
    return { event: 'disconnect', data: 1 };
  }

  @SubscribeMessage('ack and throw')
  ackAndThrow(@Ack() ack: AckFunction): void {
    ack('first');
    throw new Error('after the ack');
  }

  @SubscribeMessage('throw before the ack')
  throwBeforeAck(@Ack() _ack: AckFunction): void {
    throw new WsException('no');
  }

  @SubscribeMessage('filter that answers')
  filtered(): void {
    throw new TypeError('for the filter');
  }

  @SubscribeMessage('filter that is silent')
  silently(): void {
    throw new RangeError('for the filter');
  }

  @SubscribeMessage('filter that is broken')
  brokenly(): void {
    throw new SyntaxError('for the filter');
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('null')
  null(): null {
    return null;
  }

  @SubscribeMessage('falsy')
  falsy(): number {
    return 0;
  }

  @SubscribeMessage('promise of nothing')
  async promise(): Promise<void> {
    await delay(5);
  }

  @SubscribeMessage('empty stream')
  empty(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('stream')
  stream(): Observable<number> {
    return of(1, 2, 3);
  }

  @SubscribeMessage('emit')
  emit(): object {
    return { event: 'emitted', data: 'hi' };
  }

  @SubscribeMessage('own ack')
  ownAck(@Ack() ack: AckFunction): string {
    setImmediate(() => ack('by hand', 2));
    return 'is not sent';
  }

  @SubscribeMessage('endless stream')
  endless(): Observable<string> {
    return concat(of('first'), NEVER);
  }
}

@WebSocketGateway()
class RawGateway {
  handleConnection(client: Socket): void {
    client.use(([event], next) => {
      if (event === 'denied') next(new Error('not with me'));
      else if (event === 'denied with data') next(Object.assign(new Error('no'), { data: { code: 'MUTED' } }));
      else next();
    });
    client.on('raw that fails', () => {
      throw new Error('the listener is broken');
    });
    client.on('raw', (_: unknown, ack: AckFunction) => ack('raw'));
  }
}

@WebSocketGateway({ namespace: '/listening' })
class ListeningGateway {
  handleConnection(client: Socket): void {
    client.onAny((_event, ...args: unknown[]) => (args.at(-1) as AckFunction)('heard'));
  }
}

@Module({
  imports: [WebsocketModule],
  providers: [AnsweringGateway, RawGateway, ListeningGateway, Nobody, NobodyLater, Failing],
})
class AppModule {}

const INTERNAL = { status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' };
const payload = { token: 'secret', name: 'alice' };

const failures: [event: string, answer: object][] = [
  ['throw', INTERNAL],
  ['throw no error', INTERNAL],
  ['throw what cannot be read', INTERNAL],
  ['reject with what cannot be read', INTERNAL],
  ['a code that cannot be encoded', { status: 'error', code: 'WS_EXCEPTION', message: 'no such room' }],
  ['an exception made of an error', { status: 'error', code: 'WS_EXCEPTION', message: 'the store is down' }],
  ['reject', INTERNAL],
  ['ws exception', { status: 'error', code: 'WS_EXCEPTION', message: 'no such room' }],
  ['ws exception with fields', { status: 'error', code: 'ROOM_FULL', message: 'the room is full', seats: 12 }],
  [
    'ws exception with a list',
    {
      status: 'error',
      code: 'VALIDATION_FAILED',
      message: 'Validation failed',
      details: [
        {
          property: 'name',
          constraints: { isString: 'name must be a string' },
          children: [{ property: 'first', constraints: { min: 'too short' } }],
        },
      ],
    },
  ],
  ['not found', { status: 'error', code: 'NOT_FOUND', message: 'no such room' }],
  [
    'validation',
    {
      status: 'error',
      code: 'VALIDATION_FAILED',
      message: 'Validation failed',
      details: ['name must be a string', 'age must not be less than 0'],
    },
  ],
  ['server error', INTERNAL],
  ['guard', { status: 'error', code: 'FORBIDDEN', message: 'Forbidden resource' }],
  ['slow guard', { status: 'error', code: 'FORBIDDEN', message: 'Forbidden resource' }],
  ['pipe', { status: 'error', code: 'BAD_REQUEST', message: 'Validation failed (numeric string is expected)' }],
  ['interceptor', INTERNAL],
  ['failing stream', { status: 'error', code: 'WS_EXCEPTION', message: 'the stream broke' }],
  ['cannot be encoded', INTERNAL],
  ['cannot be encoded, and is never followed', INTERNAL],
  ['cannot be encoded either', INTERNAL],
  ['reserved event', INTERNAL],
  ['nobody handles this', { status: 'error', code: 'UNKNOWN_EVENT', message: 'No handler for this event' }],
];

const test = realtimeTest(AppModule, { scope: 'file', errorLogs: 'allow', ignoreOpenStreams: true });

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test.for(failures)('"%s" is acked with the error envelope', async ([event, answer], { connect }) => {
    const alice = await connect(client);
    await expect(alice.emitWithAck(event, payload)).toBeAcked(answer);
    await expect(alice).not.toReceive('exception');
  });

  test.for(failures.filter(([event]) => !/^cannot be encoded|^nobody/.test(event)))(
    '"%s" without an ack is answered by "exception" with the name of the event',
    async ([event, answer], { connect }) => {
      const alice = await connect(client);
      alice.emit(event, payload);
      await expect(alice).toReceive('exception', { event, ...answer });
      await expect(alice).not.toReceive('exception');
    },
  );

  test.for<[event: string, answer: unknown[]]>([
    ['nothing', []],
    ['null', [null]],
    ['falsy', [0]],
    ['promise of nothing', []],
    ['empty stream', []],
    ['stream', [1]],
    ['emit', []],
    ['own ack', ['by hand', 2]],
    ['endless stream', ['first']],
    ['stream that fails after its value', [1]],
    ['ack and throw', ['first']],
    ['filter that answers', ['the filter has answered']],
    ['raw', ['raw']],
  ])('"%s" is acked exactly once', async ([event, answer], { app, connect }) => {
    const alice = await connect(client);
    const answers: unknown[][] = [];
    alice.socket.emit(event, payload, (...args: unknown[]) => answers.push(args));
    await app.settle();
    expect(answers).toEqual([answer]);
  });

  test('an event that a filter, a listener or a middleware fails or refuses is acked with the error', async ({
    connect,
  }) => {
    const alice = await connect(client);
    await expect(alice.emitWithAck('filter that is silent')).toBeAcked(INTERNAL);
    await expect(alice.emitWithAck('filter that is broken')).toBeAcked(INTERNAL);
    await expect(alice.emitWithAck('throw before the ack')).toBeAcked({
      status: 'error',
      code: 'WS_EXCEPTION',
      message: 'no',
    });
    await expect(alice.emitWithAck('raw that fails')).toBeAcked(INTERNAL);
    await expect(alice.emitWithAck('denied')).toBeAcked({
      status: 'error',
      code: 'REFUSED',
      message: 'not with me',
    });
    await expect(alice.emitWithAck('denied with data')).toBeAcked({
      status: 'error',
      code: 'MUTED',
      message: 'no',
    });
  });

  test('an event without a handler and without an ack gets no answer', async ({ app, connect }) => {
    const alice = await connect(client);
    app.allowRefusals('there is no handler for it');
    alice.emit('nobody handles this');
    await expect(alice).not.toReceive('exception');
  });

  test('an event without an ack gets no "exception" when a filter has handled its error', async ({ app, connect }) => {
    const alice = await connect(client);
    app.allowRefusals('for the filter');
    alice.emit('filter that is silent');
    await expect(alice).not.toReceive('exception');
  });

  test('a listener of onAny acks an event without a handler', async ({ connect }) => {
    const alice = await connect({ ...client, namespace: 'listening' });
    await expect(alice.emitWithAck('nobody handles this')).toBeAcked('heard');
  });

  test('errors of the server are logged with the client, and refusals are not logged', async ({ app, connect }) => {
    const alice = await connect(client);
    await alice.emitWithAck('throw', payload);
    await expect(app).toHaveLogged(
      `AnsweringGateway.throw failed on "throw" of client ${alice.id}: secret: the password of the database`,
      { level: 'error' },
    );
    const before = app.logs.entries.length;
    app.allowRefusals();
    await alice.emitWithAck('ws exception', payload);
    await alice.emitWithAck('guard', payload);
    await alice.emitWithAck('nobody handles this', payload);
    await app.settle();
    expect(app.logs.entries.slice(before)).toEqual([]);
  });
});
