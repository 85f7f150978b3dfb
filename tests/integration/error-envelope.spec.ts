import {
  BadRequestException,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  UseFilters,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BaseWsExceptionFilter, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import {
  WebsocketModule,
  type CreateErrorEnvelope,
  type ErrorAnswer,
  type ErrorEnvelopeFactory,
  type ErrorsOptions,
  type FailureContext,
  type Socket,
} from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe, test as vitestTest } from 'vitest';

const exceptions = {
  error: () => new WsException({ error: 'ROOM_FULL' }),
  'nested error': () => new WsException({ error: { code: 'ROOM_FULL', seats: 4 } }),
  status: () => new WsException({ status: 403, message: 'no' }),
  'status text': () => new WsException({ status: 'fail', reason: 'x' }),
  code: () => new WsException({ code: 1001, message: 'no' }),
  statusCode: () => new WsException({ statusCode: 403, error: 'Forbidden', message: 'no' }),
  messages: () => new WsException({ errorCode: 7, message: ['a is wrong', 'b is wrong'] }),
  event: () => new WsException({ event: 'join', error: 'x' }),
  data: () => new WsException({ message: 'no', data: { left: 3 }, flag: false, none: null }),
  'inner error': () => new WsException({ message: 'no', cause: new Error('postgres://secret') }),
  http: () => new NotFoundException('no such room'),
  'http with fields': () => new HttpException({ error: 'x', reason: 'y', message: 'no' }, 409),
  'http with errors': () => new BadRequestException({ errors: [{ field: 'room' }] }),
};

@WebSocketGateway()
class RoomGateway {
  handleConnection(client: Socket): void {
    client.use(([event], next) => next(event === 'denied' ? new Error('too many') : undefined));
  }

  @SubscribeMessage('throw')
  throw(_client: Socket, name: keyof typeof exceptions): never {
    throw exceptions[name]();
  }

  @SubscribeMessage('denied')
  denied(): void {}
}

@Injectable()
class TeamEnvelopes implements ErrorEnvelopeFactory {
  createEnvelope(failure: ErrorAnswer, { event, by }: FailureContext): unknown {
    return { ok: false, reason: failure.code, event, by };
  }
}

function appOf(errors?: ErrorsOptions): Type {
  @Module({ imports: [WebsocketModule.forRoot({ errors })], providers: [RoomGateway, TeamEnvelopes] })
  class AppModule {}
  return AppModule;
}

describe('the default error envelope', () => {
  const test = realtimeTest(appOf());

  test.for<[name: keyof typeof exceptions, envelope: object]>([
    ['error', { status: 'error', code: 'WS_EXCEPTION', message: 'Ws Exception', error: 'ROOM_FULL' }],
    [
      'nested error',
      {
        status: 'error',
        code: 'WS_EXCEPTION',
        message: 'Ws Exception',
        error: { code: 'ROOM_FULL', seats: 4 },
      },
    ],
    ['status', { status: 403, code: 'WS_EXCEPTION', message: 'no' }],
    ['status text', { status: 'fail', code: 'WS_EXCEPTION', message: 'Ws Exception', reason: 'x' }],
    ['code', { status: 'error', code: 1001, message: 'no' }],
    ['statusCode', { status: 'error', code: 'WS_EXCEPTION', message: 'no', statusCode: 403, error: 'Forbidden' }],
    ['messages', { status: 'error', code: 'WS_EXCEPTION', message: ['a is wrong', 'b is wrong'], errorCode: 7 }],
    ['event', { status: 'error', code: 'WS_EXCEPTION', message: 'Ws Exception', event: 'join', error: 'x' }],
    ['data', { status: 'error', code: 'WS_EXCEPTION', message: 'no', data: { left: 3 }, flag: false, none: null }],
    ['inner error', { status: 'error', code: 'WS_EXCEPTION', message: 'no' }],
    ['http', { status: 'error', code: 'NOT_FOUND', message: 'no such room' }],
    ['http with fields', { status: 'error', code: 'CONFLICT', message: 'no', error: 'x', reason: 'y' }],
    [
      'http with errors',
      {
        status: 'error',
        code: 'BAD_REQUEST',
        message: 'Bad Request Exception',
        errors: [{ field: 'room' }],
      },
    ],
  ])('keeps every field of an exception with its type: %s', async ([name, envelope], { connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('throw', name)).toEqual(envelope);
    alice.emit('throw', name);
    await expect(alice).toReceive('exception', { event: 'throw', ...envelope });
  });

  test('answers an event that socket.use refuses in the ack, or by "exception" without an ack', async ({ connect }) => {
    const alice = await connect();
    const refused = { status: 'error', code: 'REFUSED', message: 'too many' };
    expect(await alice.emitWithAck('denied')).toEqual(refused);
    await expect(alice).not.toReceive('exception');
    alice.emit('denied');
    await expect(alice).toReceive('exception', { ...refused, event: 'denied' });
  });
});

describe.each<[how: string, envelope: CreateErrorEnvelope | Type<ErrorEnvelopeFactory>]>([
  ['a provider', TeamEnvelopes],
  ['a function', (failure, { event, by }) => ({ ok: false, reason: failure.code, event, by })],
])('%s creates the envelope of every failure', (_, envelope) => {
  const test = realtimeTest(appOf({ envelope }));

  test('in the ack and in "exception"', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('throw', 'http')).toEqual({
      ok: false,
      reason: 'NOT_FOUND',
      event: 'throw',
      by: 'ack',
    });
    alice.emit('throw', 'http');
    await expect(alice).toReceive('exception', {
      ok: false,
      reason: 'NOT_FOUND',
      event: 'throw',
      by: 'exception',
    });
    expect(await alice.emitWithAck('nobody knows this')).toMatchObject({
      ok: false,
      reason: 'UNKNOWN_EVENT',
    });
  });
});

describe('an envelope factory that throws', () => {
  const test = realtimeTest(
    appOf({
      envelope: () => {
        throw new Error('no words');
      },
    }),
  );

  test("is logged, and the kit's own envelope is sent", async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('throw', 'http')).toMatchObject({ code: 'NOT_FOUND' });
    await expect(app).toHaveLogged(/errors\.envelope.*no words/, { level: 'error' });
  });
});

describe('clients written for plain Nest', () => {
  const exception = {
    status: 'error',
    code: 'NOT_FOUND',
    message: 'no such room',
    event: 'throw',
    cause: { pattern: 'throw' },
  };

  const byBoth = realtimeTest(appOf({ tellBy: 'both' }));
  byBoth('receive "exception" beside the ack with tellBy: \'both\'', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('throw', 'http')).toMatchObject({ code: 'NOT_FOUND' });
    await expect(alice).toReceive('exception', exception);
  });

  const byException = realtimeTest(appOf({ tellBy: 'exception' }));
  byException('receive "exception" alone with tellBy: \'exception\'', async ({ connect }) => {
    const alice = await connect();
    const acked = alice.emitWithAck('throw', 'http');
    await expect(alice).toReceive('exception', exception);
    await expect(acked).not.toBeAcked();
    alice.emit('throw', 'http');
    await expect(alice).toReceive('exception', exception);
  });
});

describe('an envelope factory that returns a promise', () => {
  const test = realtimeTest(appOf({ envelope: () => Promise.reject(new Error('no words')) }));

  test("is logged, and the kit's own envelope is sent", async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('throw', 'http')).toMatchObject({ code: 'NOT_FOUND' });
    await expect(app).toHaveLogged(/errors\.envelope.*returned a promise/, { level: 'error' });
    await expect(app).toHaveLogged(/errors\.envelope.*no words/, { level: 'error' });
  });
});

describe('an authentication that throws an exception with a value of the client as its message', () => {
  const message = { toString: 1, valueOf: 1 };
  @Module({
    imports: [
      WebsocketModule.forRoot({
        authentication: ({ auth }) => {
          if (auth.reason) throw new WsException(auth.reason as object);
          return {};
        },
      }),
    ],
    providers: [RoomGateway],
  })
  class AppModule {}
  const test = realtimeTest(AppModule);

  test('refuses the client, and the next client connects', async ({ connect }) => {
    await expect(connect({ auth: { reason: { message } } })).toBeRefused('WS_EXCEPTION');
    const alice = await connect();
    expect(await alice.emitWithAck('throw', 'http')).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an envelope factory that returns undefined', () => {
  const test = realtimeTest(appOf({ envelope: (failure, { error }) => (error ? failure : undefined) }));

  test('sends the client no ack', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('nobody knows this')).not.toBeAcked();
    expect(await alice.emitWithAck('throw', 'http')).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe.each([
  ['ack', { isAcked: true }],
  ['both', { isAcked: true }],
  ['exception', { isAcked: false }],
] as const)('with tellBy %s, an exception that a filter emits', (tellBy, { isAcked }) => {
  @UseFilters(BaseWsExceptionFilter)
  @WebSocketGateway()
  class FilteredGateway {
    @SubscribeMessage('fail')
    fail(): never {
      throw new WsException('no');
    }
  }
  @Module({ imports: [WebsocketModule.forRoot({ errors: { tellBy } })], providers: [FilteredGateway] })
  class AppModule {}
  const test = realtimeTest(AppModule);

  test('reaches the client once', async ({ connect }) => {
    const alice = await connect();
    const acked = alice.emitWithAck('fail');
    await expect(alice).toReceiveTimes(1, 'exception', expect.anything());
    if (isAcked) await expect(acked).toBeAcked(expect.objectContaining({ code: 'WS_EXCEPTION' }));
    else await expect(acked).not.toBeAcked();
  });
});

vitestTest('an envelope class that is not provided stops the boot', async () => {
  class Absent implements ErrorEnvelopeFactory {
    createEnvelope(): unknown {
      return undefined;
    }
  }
  const testing = await Test.createTestingModule({ imports: [appOf({ envelope: Absent })] }).compile();
  const app = testing.createNestApplication({ logger: false });
  await expect(app.init()).rejects.toThrow(/option "errors\.envelope" is .*Absent.*expected/);
  await app.close();
});
