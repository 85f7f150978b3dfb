import {
  ClassSerializerInterceptor,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { Exclude } from 'class-transformer';
import type { Socket } from 'socket.io';
import { catchError, finalize, concat, EMPTY, map, of, tap, throwError, type Observable } from 'rxjs';
import { failure, internalError } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

type Intercept = (context: ExecutionContext, next: CallHandler) => Observable<unknown>;

/** A gateway with an interceptor at its handler of `say`, which fails on `fail`. */
function intercepted(intercept: (note: Note) => Intercept): (note: Note) => App {
  return (note) => {
    const interceptor: NestInterceptor = { intercept: intercept(note) };
    @WebSocketGateway()
    class InterceptedGateway {
      @UseInterceptors(interceptor)
      @SubscribeMessage('say')
      say(@MessageBody() body: unknown): unknown {
        note('said', body);
        if (body === 'fail') throw new WsException('no');
        if (body === 'event') return { event: 'said', data: body };
        return body;
      }
    }
    return { providers: [InterceptedGateway] };
  };
}

const ask =
  (...bodies: unknown[]): Scenario['run'] =>
  async ({ connect }) => {
    const alice = await connect('alice');
    for (const body of bodies) await alice.ask('say', body);
  };

const saw = (...facts: Fact[]): Fact[] => [['alice', 'connect'], ...facts];

export const interceptors: Scenario[] = [
  {
    name: 'an interceptor changes what a handler returns',
    app: intercepted(() => (_context, next) => next.handle().pipe(map((value) => ({ value })))),
    run: ask('hi', 0, null),
  },
  {
    name: 'an interceptor changes the event that a handler returns, with no ack',
    app: intercepted(
      () => (_context, next) => next.handle().pipe(map((value: object) => ({ ...value, data: 'changed' }))),
    ),
    async run({ connect }) {
      await (await connect('alice')).tell('say', 'event');
    },
  },
  {
    name: 'an interceptor answers in place of the handler',
    app: intercepted(() => () => of('cached')),
    run: ask('hi'),
  },
  {
    name: 'an interceptor has nothing to say in place of the handler',
    app: intercepted(() => () => EMPTY),
    run: ask('hi'),
    differs: { rows: ['ack-of-nothing'], client: saw(['alice', 'ack', 'say']) },
  },
  {
    name: 'an interceptor adds values around that of the handler',
    app: intercepted(() => (_context, next) => concat(of({ event: 'before', data: 0 }), next.handle(), of('after'))),
    run: ask('hi'),
  },
  {
    name: 'an interceptor turns a failure into a value',
    app: intercepted(
      () => (_context, next) => next.handle().pipe(catchError((error: Error) => of({ caught: error.message }))),
    ),
    run: ask('fail'),
  },
  {
    name: 'an interceptor turns a value into a failure',
    app: intercepted(
      () => (_context, next) =>
        concat(
          next.handle().pipe(map(() => ({ event: 'said', data: 1 }))),
          throwError(() => new WsException('after all')),
        ),
    ),
    run: ask('hi'),
    differs: {
      rows: ['failure-in-ack', 'error-envelope'],
      client: saw(['alice', 'event', 'said', 1], ['alice', 'ack', 'say', failure('say', 'WS_EXCEPTION', 'after all')]),
    },
  },
  {
    name: 'an interceptor throws before the handler',
    app: intercepted(() => () => {
      throw new Error('the cache is down');
    }),
    run: ask('hi'),
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'log-of-failures'],
      client: saw(['alice', 'ack', 'say', internalError('say')]),
      log: [
        ['error', 'WsExceptionsHandler', 'InterceptedGateway.say failed on "say" of client <alice>: the cache is down'],
      ],
    },
  },
  {
    name: 'an interceptor sees values, failures and the end',
    app: intercepted((note) => (context, next) => {
      note('before', context.getHandler().name, context.switchToWs().getPattern());
      return next.handle().pipe(
        tap({
          next: (value) => note('value', value),
          error: (error: Error) => note('error', error.message),
          complete: () => note('complete'),
        }),
      );
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 'hi');
      await alice.tell('say', 'event');
      await alice.tell('say', 'fail');
    },
    differs: {
      rows: ['error-envelope'],
      client: saw(
        ['alice', 'event', 'said', 'event'],
        ['alice', 'event', 'exception', failure('say', 'WS_EXCEPTION', 'no')],
      ),
    },
  },
  {
    name: 'a client leaves while an interceptor waits for the promise of a handler',
    app(note) {
      @UseInterceptors({
        intercept: (_context: ExecutionContext, next: CallHandler) =>
          next.handle().pipe(
            tap((value) => note('value', value)),
            finalize(() => note('finalized')),
          ),
      })
      @WebSocketGateway()
      class WaitingGateway {
        @SubscribeMessage('wait')
        async wait(client: Socket): Promise<string> {
          await new Promise((resolve) => client.once('disconnect', () => setImmediate(resolve)));
          note('handler is through');
          return 'too late';
        }
      }
      return { providers: [WaitingGateway] };
    },
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.tell('wait');
      alice.socket.disconnect();
      await rest();
    },
  },
  {
    name: 'a ClassSerializerInterceptor leaves out what is excluded',
    app() {
      class User {
        @Exclude()
        readonly password = 'secret';

        constructor(readonly name: string) {}
      }
      @UseInterceptors(ClassSerializerInterceptor)
      @WebSocketGateway()
      class UsersGateway {
        @SubscribeMessage('say')
        say(@MessageBody() name: string): User {
          return new User(name);
        }
      }
      return { providers: [UsersGateway] };
    },
    run: ask('alice'),
  },
  {
    name: 'guards come before interceptors, and those before pipes and the handler',
    app(note) {
      const around = (what: string): NestInterceptor => ({
        intercept(_context, next) {
          note(`${what} before`);
          return next.handle().pipe(tap(() => note(`${what} after`)));
        },
      });
      @UseInterceptors(around('gateway'))
      @WebSocketGateway()
      class OrderedGateway {
        @UsePipes({
          transform(value: unknown) {
            note('pipe');
            return value;
          },
        })
        @UseInterceptors(around('handler'))
        @UseGuards({
          canActivate() {
            note('guard');
            return true;
          },
        })
        @SubscribeMessage('say')
        say(@MessageBody() _body: unknown): string {
          note('handler');
          return 'said';
        }
      }
      return { providers: [OrderedGateway] };
    },
    run: ask('hi'),
  },
  ...[
    [
      'useGlobalInterceptors',
      (interceptor: NestInterceptor): App => ({
        configure: (app) => void app.useGlobalInterceptors(interceptor),
      }),
    ],
    [
      'APP_INTERCEPTOR',
      (interceptor: NestInterceptor): App => ({
        providers: [{ provide: APP_INTERCEPTOR, useValue: interceptor }],
      }),
    ],
  ].map(([how, by]): Scenario => ({
    name: `an interceptor is set for the whole app by ${how as string}`,
    app(note) {
      const wrapping: NestInterceptor = {
        intercept: (_context, next) => next.handle().pipe(map((value) => ({ wrapped: value }))),
      };
      const { providers = [], ...rest } = (by as (interceptor: NestInterceptor) => App)(wrapping);
      @WebSocketGateway()
      class PlainGateway {
        @SubscribeMessage('say')
        say(@MessageBody() body: unknown): unknown {
          note('said', body);
          return body;
        }
      }
      return { ...rest, providers: [PlainGateway, ...providers] };
    },
    run: ask('hi'),
  })),
];
