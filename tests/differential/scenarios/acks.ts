import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { EMPTY, from, of } from 'rxjs';
import { expect } from 'vitest';
import { failure, internalError } from '../support/failure.js';
import type { App, Fact, Scenario } from '../support/scenario.js';

/** A gateway whose handler of `get` returns what this returns. */
function returning(value: () => unknown): () => App {
  return () => {
    @WebSocketGateway()
    class ReturningGateway {
      @SubscribeMessage('get')
      get(): unknown {
        return value();
      }
    }
    return { providers: [ReturningGateway] };
  };
}

const askAndTell: Scenario['run'] = async ({ connect }) => {
  const alice = await connect('alice');
  await alice.ask('get');
  await alice.tell('get');
};

const circular: Record<string, unknown> = {};
circular.self = circular;

class Got {
  readonly event = 'got';

  get data(): string {
    return 'by a getter';
  }
}

const logged = (text: string): Fact => [
  'error',
  'WsExceptionsHandler',
  `ReturningGateway.get failed on "get" of client <alice>: ${text}`,
];

const values = {
  text: 'text',
  'empty text': '',
  number: 7,
  zero: 0,
  false: false,
  true: true,
  list: [1, 'two', null],
  'empty list': [],
  object: { deep: { deeper: [1] } },
  bytes: Buffer.of(1, 2, 3),
  'bytes in an object': { file: Buffer.of(1) },
  Date: new Date(0),
  NaN: Number.NaN,
  Error: new Error('as a value'),
  Map: new Map([[1, 2]]),
  function: () => 1,
};

export const acks: Scenario[] = [
  {
    name: 'handlers return values of all kinds',
    app(note) {
      @WebSocketGateway()
      class ValuesGateway {
        @SubscribeMessage('get')
        get(@MessageBody() what: keyof typeof values): unknown {
          note('get', what);
          return values[what];
        }
      }
      return { providers: [ValuesGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      for (const what of Object.keys(values)) {
        await alice.ask('get', what);
        await alice.tell('get', what);
      }
    },
  },
  {
    name: 'a handler returns a promise of a value',
    app: returning(() => Promise.resolve('later')),
    run: askAndTell,
  },
  {
    name: 'a handler returns an Observable of a value',
    app: returning(() => of('observed')),
    run: askAndTell,
  },
  {
    name: 'a handler returns a promise of an Observable',
    app: returning(() => Promise.resolve(of('observed later'))),
    run: askAndTell,
  },
  {
    name: 'a handler returns nothing',
    app: returning(() => undefined),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get'],
      ],
    },
  },
  {
    name: 'a client sends again what is not acknowledged, and the handler returns nothing',
    app(note) {
      @WebSocketGateway()
      class OnceGateway {
        @SubscribeMessage('pay')
        pay(): void {
          note('paid');
        }
      }
      return { providers: [OnceGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice', { retries: 2, ackTimeout: 400 });
      await alice.socket.emitWithAck('pay').then(
        () => alice.see('acknowledged'),
        () => alice.see('given up'),
      );
    },
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'acknowledged'],
      ],
      handlers: [['paid']],
    },
  },
  {
    name: 'a handler returns null',
    app: returning(() => null),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get', null],
      ],
    },
  },
  {
    name: 'a handler returns a promise of nothing',
    app: returning(() => Promise.resolve()),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get'],
      ],
    },
  },
  {
    name: 'a handler returns an Observable that is empty',
    app: returning(() => EMPTY),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get'],
      ],
    },
  },
  {
    name: 'a handler returns an Observable of several values',
    app: returning(() => from([1, 2, 3])),
    run: askAndTell,
  },
  {
    name: 'a handler returns an event with data',
    app: returning(() => ({ event: 'got', data: { id: 1 } })),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'got', { id: 1 }],
        ['alice', 'ack', 'get'],
        ['alice', 'event', 'got', { id: 1 }],
      ],
    },
  },
  {
    name: 'a handler returns an event with a list as its data',
    app: returning(() => ({ event: 'got', data: [1, 2] })),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler returns an event with data that is null',
    app: returning(() => ({ event: 'got', data: null })),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler returns an event without data',
    app: returning(() => ({ event: 'got' })),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler returns an event with more fields than data',
    app: returning(() => ({ event: 'got', data: 1, id: 2 })),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler returns an Observable of events',
    app: returning(() => from([1, 2, 3].map((data) => ({ event: 'got', data })))),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler returns an Observable of events and of values, with an ack',
    app: returning(() => from([{ event: 'got', data: 1 }, 'answer', { event: 'got', data: 2 }])),
    async run({ connect }) {
      await (await connect('alice')).ask('get');
    },
  },
  {
    name: 'a handler returns an object whose event is an empty text',
    app: returning(() => ({ event: '', data: 1 })),
    run: askAndTell,
  },
  {
    name: 'a handler returns an object whose event is a number',
    app: returning(() => ({ event: 5, data: 1 })),
    run: askAndTell,
    differs: {
      rows: ['ack-of-nothing'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 5, 1],
        ['alice', 'ack', 'get'],
        ['alice', 'event', 5, 1],
      ],
    },
  },
  {
    name: 'a handler returns an object whose event is an object',
    app: returning(() => ({ event: { name: 'party' }, data: 1 })),
    run: askAndTell,
    differs: {
      rows: ['event-that-is-no-text'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get', { event: { name: 'party' }, data: 1 }],
      ],
      log: [[expect.any(String), expect.any(String), expect.stringContaining('ReturningGateway.get')]],
    },
  },
  {
    name: 'a handler returns the very object that it was sent, which has a field `event`',
    app() {
      @WebSocketGateway()
      class EchoGateway {
        @SubscribeMessage('echo')
        echo(@MessageBody() body: unknown): unknown {
          return body;
        }
      }
      return { providers: [EchoGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('echo', { event: 'party', data: 'tonight' });
      await alice.tell('echo', { event: 'party', data: 'tonight' });
    },
    differs: {
      rows: ['echo'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'echo', { event: 'party', data: 'tonight' }],
      ],
    },
  },
  {
    name: 'a handler returns a copy of the object that it was sent, which has a field `event`',
    app() {
      @WebSocketGateway()
      class CopyGateway {
        @SubscribeMessage('copy')
        copy(@MessageBody() body: object): unknown {
          return { ...body };
        }
      }
      return { providers: [CopyGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('copy', { event: 'party', data: 'tonight' });
    },
  },
  {
    name: 'a handler returns an event with a name that Socket.IO reserves',
    app: returning(() => ({ event: 'disconnect', data: 1 })),
    run: askAndTell,
    differs: {
      rows: ['failure-in-ack', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get', internalError('get')],
        ['alice', 'event', 'exception', internalError('get')],
      ],
      log: [logged('"disconnect" is a reserved event name'), logged('"disconnect" is a reserved event name')],
    },
  },
  {
    name: 'a handler returns a value that cannot be encoded',
    app: returning(() => 1n),
    run: askAndTell,
    differs: {
      rows: ['failure-in-ack', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get', internalError('get')],
      ],
      log: [logged('Do not know how to serialize a BigInt')],
    },
  },
  {
    name: 'a handler returns an object that contains itself',
    app: returning(() => circular),
    run: askAndTell,
    differs: {
      rows: ['failure-in-ack', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'get', internalError('get')],
      ],
      log: [logged('Maximum call stack size exceeded')],
    },
  },
  {
    name: 'a handler returns what has a method `then`, and is no Promise',
    // oxlint-disable-next-line unicorn/no-thenable -- such libraries there are
    app: returning(() => ({ then: (resolve: (value: string) => void) => resolve('in the end') })),
    run: askAndTell,
  },
  {
    name: 'a handler returns a generator',
    app: returning(function* generate() {
      yield 1;
    }),
    run: askAndTell,
  },
  {
    name: 'a handler returns a list of events',
    app: returning(() => [{ event: 'got', data: 1 }]),
    run: askAndTell,
  },
  {
    name: 'a handler returns an instance of a class that says which event it is',
    app: returning(() => new Got()),
    async run({ connect }) {
      await (await connect('alice')).tell('get');
    },
  },
  {
    name: 'a handler emits, broadcasts and then returns',
    app() {
      @WebSocketGateway()
      class OrderedGateway {
        @SubscribeMessage('get')
        async get(client: Socket): Promise<string> {
          client.emit('first');
          client.nsp.emit('second');
          await Promise.resolve();
          client.emit('third');
          return 'last';
        }
      }
      return { providers: [OrderedGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('get');
    },
  },
  {
    name: 'a handler disconnects its client and then returns',
    app() {
      @WebSocketGateway()
      class RudeGateway {
        @SubscribeMessage('get')
        get(client: Socket): string {
          client.disconnect();
          return 'too late';
        }
      }
      return { providers: [RudeGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('get');
    },
  },
  {
    name: 'the last of several handlers is the first to be through',
    app(note) {
      let endFirst!: () => void;
      let endSecond!: () => void;
      @WebSocketGateway()
      class PacedGateway {
        @SubscribeMessage('first')
        async first(): Promise<string> {
          note('first');
          await new Promise<void>((resolve) => {
            endFirst = resolve;
          });
          return 'after the second';
        }

        @SubscribeMessage('second')
        async second(): Promise<string> {
          note('second');
          await new Promise<void>((resolve) => {
            endSecond = resolve;
          });
          setImmediate(endFirst);
          return 'after the third';
        }

        @SubscribeMessage('third')
        third(): string {
          note('third');
          setImmediate(endSecond);
          return 'at once';
        }
      }
      return { providers: [PacedGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await Promise.all(
        ['first', 'second', 'third'].map(async (event) => {
          alice.see(event, await alice.socket.emitWithAck(event));
        }),
      );
    },
  },
  {
    name: 'a client sends by send(), and a handler for `message` has it',
    app(note) {
      @WebSocketGateway()
      class MessageGateway {
        @SubscribeMessage('message')
        message(_client: Socket, body: unknown): string {
          note('message', body);
          return 'had it';
        }
      }
      return { providers: [MessageGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.send('hi', 2);
      await alice.fence();
    },
  },
  {
    name: 'an event that nobody handles',
    app: returning(() => 1),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('unknown', 1);
      await alice.ask('unknown', 1);
    },
    differs: {
      rows: ['unknown-event'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'unknown', failure('unknown', 'UNKNOWN_EVENT', 'No handler for this event')],
      ],
    },
  },
  {
    name: 'events whose names are those of properties of every object',
    app: returning(() => 1),
    async run({ connect }) {
      const alice = await connect('alice');
      for (const event of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) await alice.tell(event, 1);
      await alice.ask('get');
    },
  },
];
