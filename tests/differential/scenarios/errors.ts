import { BadRequestException, HttpException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { concat, of, throwError } from 'rxjs';
import { failure, internalError } from '../support/failure.js';
import type { App, DifferenceId, Fact, Scenario } from '../support/scenario.js';

/** A gateway whose handler of `fail` does this. */
function failing(fail: (body: unknown) => unknown): () => App {
  return () => {
    @WebSocketGateway()
    class FailingGateway {
      @SubscribeMessage('fail')
      fail(@MessageBody() body: unknown): unknown {
        return fail(body);
      }
    }
    return { providers: [FailingGateway] };
  };
}

const thrown = (error: unknown): (() => App) =>
  failing(() => {
    throw error;
  });

const askAndTell: Scenario['run'] = async ({ connect }) => {
  const alice = await connect('alice');
  await alice.ask('fail', { secret: 1 });
  await alice.tell('fail', { secret: 1 });
};

/** What the kit's client sees of a failure: in the ack, then as an event. */
const told = (envelope: object): Fact[] => [
  ['alice', 'connect'],
  ['alice', 'ack', 'fail', envelope],
  ['alice', 'event', 'exception', envelope],
];

const loggedTwice = (text: string): Fact[] => {
  const entry = ['error', 'WsExceptionsHandler', `FailingGateway.fail failed on "fail" of client <alice>: ${text}`];
  return [entry, entry];
};

const FORM: readonly DifferenceId[] = ['failure-in-ack', 'error-envelope'];
const FAULT: readonly DifferenceId[] = [...FORM, 'log-of-failures'];

class RoomFull extends WsException {
  constructor(readonly seats: number) {
    super('full');
  }
}

/** Exceptions that are meant for the client. */
const meant: [string, Error, object][] = [
  ['a WsException with a text', new WsException('no such room'), failure('fail', 'WS_EXCEPTION', 'no such room')],
  [
    'a WsException with an object',
    new WsException({ code: 'ROOM_FULL', message: 'the room is full', seats: 12 }),
    failure('fail', 'ROOM_FULL', 'the room is full', { seats: 12 }),
  ],
  [
    'a WsException with an object that has nothing but a field `error`',
    new WsException({ error: 'ROOM_FULL' }),
    failure('fail', 'WS_EXCEPTION', 'Ws Exception', { error: 'ROOM_FULL' }),
  ],
  [
    'a WsException with an object that has a status of its own',
    new WsException({ status: 403, message: 'no' }),
    failure('fail', 'WS_EXCEPTION', 'no', { status: 403 }),
  ],
  [
    'a WsException with an object whose code is a number',
    new WsException({ code: 1001, message: 'going away' }),
    failure('fail', 1001, 'going away'),
  ],
  ['a WsException with an empty object', new WsException({}), failure('fail', 'WS_EXCEPTION', 'Ws Exception')],
  ['a WsException with an empty text', new WsException(''), failure('fail', 'WS_EXCEPTION', '')],
  ['an exception of the app that extends WsException', new RoomFull(12), failure('fail', 'WS_EXCEPTION', 'full')],
];

const byHttp: [string, Error, object][] = [
  ['a NotFoundException', new NotFoundException('no such room'), failure('fail', 'NOT_FOUND', 'no such room')],
  [
    'a BadRequestException with an object',
    new BadRequestException({ message: 'bad', field: 'name' }),
    failure('fail', 'BAD_REQUEST', 'bad', { field: 'name' }),
  ],
  [
    'an HttpException with a status of its own',
    new HttpException('teapot', 418),
    failure('fail', 'I_AM_A_TEAPOT', 'teapot'),
  ],
];

export const errors: Scenario[] = [
  ...meant.map(([what, error, envelope]): Scenario => ({
    name: `a handler throws ${what}`,
    app: thrown(error),
    run: askAndTell,
    differs: { rows: FORM, client: told(envelope) },
  })),
  ...byHttp.map(([what, error, envelope]): Scenario => ({
    name: `a handler throws ${what}`,
    app: thrown(error),
    run: askAndTell,
    differs: { rows: [...FORM, 'http-exceptions'], client: told(envelope) },
  })),
  {
    name: 'a handler throws an InternalServerErrorException',
    app: thrown(new InternalServerErrorException('the table "rooms" does not exist')),
    run: askAndTell,
    differs: {
      rows: FAULT,
      client: told(internalError('fail')),
      log: loggedTwice('the table "rooms" does not exist'),
    },
  },
  {
    name: 'a handler throws an Error',
    app: thrown(new Error('the table "rooms" does not exist')),
    run: askAndTell,
    differs: {
      rows: FAULT,
      client: told(internalError('fail')),
      log: loggedTwice('the table "rooms" does not exist'),
    },
  },
  {
    name: 'a handler throws a text',
    app: thrown('the disk is full'),
    run: askAndTell,
    differs: { rows: FAULT, client: told(internalError('fail')), log: loggedTwice('the disk is full') },
  },
  {
    name: 'a handler throws undefined',
    app: thrown(undefined),
    run: askAndTell,
    differs: { rows: FAULT, client: told(internalError('fail')), log: loggedTwice('undefined') },
  },
  {
    name: 'a handler throws what it was sent',
    app: failing((body) => {
      throw body;
    }),
    run: askAndTell,
    differs: {
      rows: FAULT,
      client: told(internalError('fail')),
      log: loggedTwice('it threw an object that is no error'),
    },
  },
  {
    name: "a handler's promise rejects with a WsException",
    app: failing(() => Promise.reject(new WsException('no'))),
    run: askAndTell,
    differs: { rows: FORM, client: told(failure('fail', 'WS_EXCEPTION', 'no')) },
  },
  {
    name: "a handler's promise rejects with an Error",
    app: failing(() => Promise.reject(new Error('the disk is full'))),
    run: askAndTell,
    differs: { rows: FAULT, client: told(internalError('fail')), log: loggedTwice('the disk is full') },
  },
  {
    name: "a handler's Observable fails with a WsException",
    app: failing(() => throwError(() => new WsException('no'))),
    run: askAndTell,
    differs: { rows: FORM, client: told(failure('fail', 'WS_EXCEPTION', 'no')) },
  },
  {
    name: "a handler's Observable fails with an Error",
    app: failing(() => throwError(() => new Error('the disk is full'))),
    run: askAndTell,
    differs: { rows: FAULT, client: told(internalError('fail')), log: loggedTwice('the disk is full') },
  },
  {
    name: "a handler's Observable fails after it has emitted events, with no ack",
    app: failing(() =>
      concat(
        of({ event: 'got', data: 1 }),
        throwError(() => new WsException('no more')),
      ),
    ),
    async run({ connect }) {
      await (await connect('alice')).tell('fail');
    },
    differs: {
      rows: ['error-envelope'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'got', 1],
        ['alice', 'event', 'exception', failure('fail', 'WS_EXCEPTION', 'no more')],
      ],
    },
  },
  {
    name: "a handler's Observable fails after its first value, with an ack",
    app: failing(() =>
      concat(
        of('first'),
        throwError(() => new WsException('no more')),
      ),
    ),
    async run({ connect }) {
      await (await connect('alice')).ask('fail');
    },
    differs: {
      rows: FORM,
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'fail', 'first'],
      ],
    },
  },
  {
    name: 'a handler answers by @Ack() and throws then',
    app() {
      @WebSocketGateway()
      class AnsweringGateway {
        @SubscribeMessage('fail')
        fail(_client: unknown, _body: unknown, ack: (answer: unknown) => void): void {
          ack('answered');
          throw new WsException('and failed');
        }
      }
      return { providers: [AnsweringGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('fail');
    },
    differs: {
      rows: FORM,
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'fail', 'answered'],
      ],
    },
  },
];
