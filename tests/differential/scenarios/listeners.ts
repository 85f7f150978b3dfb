import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { failure, internalError } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

/** A gateway that does this with each client, and answers `say`. */
function listening(listen: (client: Socket, note: Note) => void): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class ListeningGateway {
      handleConnection(client: Socket): void {
        listen(client, note);
      }

      @SubscribeMessage('say')
      say(@MessageBody() body: unknown): unknown {
        note('handler', body);
        return body;
      }

      @SubscribeMessage('listen')
      listenLater(@ConnectedSocket() client: Socket): void {
        client.on('say', (body: unknown) => note('later', body));
      }

      @SubscribeMessage('emit')
      emit(@ConnectedSocket() client: Socket): void {
        client.emit('emitted', 1, { two: 2 });
        client.nsp.emit('broadcast', 3);
      }
    }
    return { providers: [ListeningGateway] };
  };
}

interface OneventInternals {
  ack(id: number): AckFunction;
  onevent(this: OneventInternals, packet: { id?: number; data?: unknown[] }): void;
}

/** A gateway that does this with each client. It does not matter how soon its handler of `say` is called. */
function replacing(replace: (client: Socket, note: Note) => void): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class ReplacingGateway {
      handleConnection(client: Socket): void {
        replace(client, note);
      }

      @SubscribeMessage('say')
      async say(): Promise<string> {
        await setImmediate();
        note('handler');
        return 'answered';
      }
    }
    return { providers: [ReplacingGateway] };
  };
}

type AckFunction = (...answer: unknown[]) => void;

const saw = (...facts: Fact[]): Fact[] => [['alice', 'connect'], ...facts];

const sayAndAsk: Scenario['run'] = async ({ connect }) => {
  const alice = await connect('alice');
  await alice.tell('say', 'hi');
  await alice.ask('say', 'hi');
  await alice.tell('unknown', 1);
};

const failed = (text: string): Fact => ['error', 'WsExceptionsHandler', text];

export const listeners: Scenario[] = [
  {
    name: 'a raw listener has an event that no handler is for',
    app: listening((client, note) => {
      client.on('raw', (...args: unknown[]) => {
        const ack = args.at(-1);
        note('raw', ...args.map((arg) => (typeof arg === 'function' ? 'ack' : arg)));
        if (typeof ack === 'function') (ack as AckFunction)('answered', args.length);
      });
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('raw', 1, 'two');
      await alice.ask('raw', 1, 'two');
      await alice.ask('raw');
    },
  },
  {
    name: 'a raw listener of handleConnection comes before the handler of its event',
    app: listening((client, note) => {
      client.on('say', (body: unknown) => note('raw', body));
    }),
    run: sayAndAsk,
  },
  {
    name: 'a raw listener answers before the handler of its event does',
    app: listening((client) => {
      client.on('say', (_body: unknown, ack?: AckFunction) => ack?.('raw'));
    }),
    run: sayAndAsk,
  },
  {
    name: 'a raw listener is added by a handler',
    app: listening(() => {}),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('listen');
      await alice.tell('say', 'hi');
    },
    differs: {
      rows: ['called-at-once'],
      handlers: [
        ['handler', 'hi'],
        ['later', 'hi'],
      ],
    },
  },
  {
    name: 'a raw listener is for one time, and another is taken off',
    app: listening((client, note) => {
      client.once('raw', (body: unknown) => note('once', body));
      const off = (body: unknown): void => {
        note('off', body);
        client.off('raw', off);
      };
      client.on('raw', off);
      client.prependListener('raw', (body: unknown) => note('prepended', body));
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('raw', 1);
      await alice.tell('raw', 2);
    },
  },
  {
    name: 'listeners of onAny have every event, before any other',
    app: listening((client, note) => {
      client.on('say', () => note('raw'));
      client.onAny((event: string, ...args: unknown[]) =>
        note(
          'any',
          event,
          args.map((arg) => (typeof arg === 'function' ? 'ack' : arg)),
        ),
      );
      client.prependAny((event: string) => note('prepended any', event));
    }),
    run: sayAndAsk,
  },
  {
    name: 'listeners of onAny are taken off and listed',
    app: listening((client, note) => {
      const one = (): void => note('one');
      const two = (): void => note('two');
      client.onAny(one).onAny(two);
      client.offAny(one);
      note(client.listenersAny().length, client.listenersAny()[0] === two);
      client.once('clear', () => client.offAny());
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 1);
      await alice.tell('clear');
      await alice.tell('say', 2);
    },
  },
  {
    name: 'a listener of onAny answers an event that no handler is for',
    app: listening((client) => {
      client.onAny((_event: string, ...args: unknown[]) => {
        const ack = args.at(-1);
        if (typeof ack === 'function') (ack as AckFunction)('any');
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('unknown');
    },
  },
  {
    name: 'a listener of onAny is there, and nobody answers an event',
    app: listening((client, note) => {
      client.onAny((event: string) => note('any', event));
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('unknown');
    },
  },
  {
    name: 'listeners of onAnyOutgoing have what is emitted, broadcast and returned',
    app: listening((client, note) => {
      client.onAnyOutgoing((event: string, ...args: unknown[]) => note('out', event, args));
      client.prependAnyOutgoing((event: string) => note('prepended', event));
      note(client.listenersAnyOutgoing().length);
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('emit');
    },
  },
  {
    name: 'listeners of onAnyOutgoing are taken off',
    app: listening((client, note) => {
      const one = (): void => note('one');
      client.onAnyOutgoing(one).offAnyOutgoing(one);
      client.onAnyOutgoing(() => note('two'));
      client.once('clear', () => client.offAnyOutgoing());
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('emit');
      await alice.tell('clear');
      await alice.tell('emit');
    },
  },
  {
    name: 'listeners for `disconnecting` and `disconnect` have the reason, and the rooms are left in between',
    app: listening((client, note) => {
      void client.join('lobby');
      client.on('disconnecting', (reason: string, description?: unknown) =>
        note('disconnecting', reason, description, client.rooms.size),
      );
      client.on('disconnect', (reason: string) => note('disconnect', reason, client.rooms.size));
    }),
    async run({ connect }) {
      (await connect('alice')).socket.disconnect();
    },
  },
  {
    name: 'the app puts itself around `onevent` of a socket',
    app: replacing((client, note) => {
      const internals = client as unknown as OneventInternals;
      const { onevent } = internals;
      internals.onevent = function caught(packet) {
        onevent.call(this, packet);
        onevent.call(this, { ...packet, data: ['*', ...(packet.data ?? [])] });
      };
      client.on('*', (event: unknown, body: unknown) => note('wildcard', event, body));
    }),
    run: sayAndAsk,
  },
  {
    name: 'the app replaces `onevent` of a socket, as socketio-wildcard does',
    app: replacing((client, note) => {
      const emit = Reflect.get(EventEmitter.prototype, 'emit');
      (client as unknown as OneventInternals).onevent = function caught({ id, data = [] }) {
        const event = id === undefined ? data : [...data, this.ack(id)];
        emit.call(client, '*', { data });
        emit.apply(client, event as [string]);
      };
      client.on('*', (packet: unknown) => note('wildcard', packet));
    }),
    run: sayAndAsk,
  },
  {
    name: 'the app emits an event of a client locally, as if it came from there',
    app: replacing((client) => {
      client.once('relay', () => EventEmitter.prototype.emit.call(client, 'say', 'relayed'));
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('relay');
    },
  },
  {
    name: 'an event with a handler comes right before one with a raw listener',
    app: listening((client, note) => {
      client.on('raw', () => note('raw'));
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.together(() => alice.socket.emit('say', 1).emit('raw'));
      await alice.fence();
    },
    differs: { rows: ['called-at-once'], handlers: [['handler', 1], ['raw']] },
  },
  {
    name: 'a raw listener throws an Error',
    app: listening((client, note) => {
      client.on('raw', (body: unknown) => {
        note('raw', body);
        throw new Error('no such table');
      });
      client.on('raw', (body: unknown) => note('second', body));
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('raw', 1);
      await alice.tell('say', 2);
    },
    differs: {
      rows: ['contained'],
      handlers: [
        ['raw', 1],
        ['second', 1],
        ['handler', 2],
      ],
      log: [failed('A listener for "raw" failed on client <alice>: no such table')],
    },
  },
  {
    name: 'a raw listener throws, with an ack',
    app: listening((client) => {
      client.on('raw', () => {
        throw new Error('no such table');
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('raw', 1);
    },
    differs: {
      rows: ['failure-in-ack', 'contained'],
      client: saw(['alice', 'ack', 'raw', internalError('raw')]),
      log: [failed('A listener for "raw" failed on client <alice>: no such table')],
    },
  },
  {
    name: "a raw listener's promise rejects",
    app: listening((client) => {
      client.on('raw', async () => {
        await Promise.reject(new Error('no such table'));
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('raw', 1);
    },
    differs: {
      rows: ['contained'],
      log: [failed('A listener for "raw" failed on client <alice>: no such table')],
    },
  },
  {
    name: 'a listener of onAny throws',
    app: listening((client) => {
      client.onAny(() => {
        throw new Error('no such table');
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('say', 1);
    },
    differs: {
      rows: ['contained'],
      handlers: [['handler', 1]],
      log: [failed('A listener of onAny failed on client <alice>: no such table')],
    },
  },
  {
    name: 'a listener for `disconnect` throws',
    app: listening((client, note) => {
      client.on('disconnect', () => {
        note('disconnect');
        throw new Error('no such table');
      });
    }),
    async run({ connect, rest }) {
      (await connect('alice')).socket.disconnect();
      await rest();
    },
    differs: {
      rows: ['contained'],
      log: [failed('A listener for "disconnect" failed on client <alice>: no such table')],
    },
  },
  {
    name: "the app's ack callback throws on the client's answer",
    app: listening((client) => {
      client.emit('question', () => {
        throw new Error('no such table');
      });
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.on('question', (ack: AckFunction) => ack('answer'));
      await alice.ask('say', 'after');
    },
  },
  {
    name: 'the listeners of an event that has a handler are counted',
    app: listening((client, note) => {
      client.once('count', () => note(client.listenerCount('say'), client.eventNames().includes('say')));
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('count');
    },
  },
  {
    name: 'the app takes off all listeners of an event that has a handler',
    app: listening((client) => {
      client.once('deafen', () => client.removeAllListeners('say'));
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('deafen');
      await alice.tell('say', 'anybody there?');
    },
  },
  {
    name: 'a middleware of socket.use lets an event through, changes it, and renames it',
    app: listening((client, note) => {
      client.use((event, next) => {
        note(
          'use',
          event.map((part) => (typeof part === 'function' ? 'ack' : (part as unknown))),
        );
        if (event[0] === 'old') event[0] = 'say';
        if (typeof event[1] === 'string') event[1] = event[1].toUpperCase();
        next();
      });
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 'hi');
      await alice.ask('say', 'hi');
      await alice.ask('old', 'hi');
    },
  },
  {
    name: 'a middleware of socket.use goes on later',
    app: listening((client) => {
      client.use((_event, next) => void globalThis.setImmediate(next));
    }),
    run: async ({ connect }) => {
      const alice = await connect('alice');
      await alice.ask('say', 1);
    },
  },
  {
    name: 'several middlewares of socket.use come in their order, one that was added later too',
    app: listening((client, note) => {
      client.use((_event, next) => {
        note('first');
        next();
      });
      client.use((_event, next) => {
        note('second');
        next();
      });
      client.once('more', () => {
        client.use((_event, next) => {
          note('third');
          next();
        });
      });
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('more');
      await alice.tell('say', 1);
    },
  },
  {
    name: 'a middleware of socket.use denies an event, and a listener for `error` has why',
    app: listening((client, note) => {
      client.use(([event], next) => next(new Error(`not ${event}`)));
      client.on('error', (error: Error) => note('error', error.message));
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('say', 1);
    },
    differs: {
      rows: ['denied-event'],
      client: saw(['alice', 'event', 'exception', failure('say', 'REFUSED', 'not say')]),
    },
  },
  {
    name: 'a middleware of socket.use denies an event that was sent with an ack',
    app: listening((client) => {
      client.use((_event, next) => next(Object.assign(new Error('slow down'), { data: { code: 'RATE', wait: 5 } })));
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('say', 1);
    },
    differs: {
      rows: ['denied-event'],
      client: saw(['alice', 'ack', 'say', failure('say', 'RATE', 'slow down', { wait: 5 })]),
    },
  },
  {
    name: 'a middleware of socket.use denies an event by a WsException',
    app: listening((client) => {
      client.use((_event, next) => next(new WsException('members only')));
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('say', 1);
    },
    differs: {
      rows: ['denied-event'],
      client: saw(['alice', 'ack', 'say', failure('say', 'WS_EXCEPTION', 'members only')]),
    },
  },
  {
    name: 'a middleware of socket.use throws',
    app: listening((client) => {
      client.use(() => {
        throw new Error('no such table');
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('say', 1);
    },
    differs: {
      rows: ['contained', 'denied-event'],
      client: saw(['alice', 'ack', 'say', internalError('say')]),
      log: [failed('A middleware failed on client <alice>: no such table')],
    },
  },
  {
    name: 'a middleware of socket.use goes on twice',
    app: listening((client) => {
      client.use((_event, next) => {
        next();
        next();
      });
    }),
    async run({ connect }) {
      await (await connect('alice')).ask('say', 1);
    },
    differs: { rows: ['goes-on-once'], handlers: [['handler', 1]] },
  },
  {
    name: 'a middleware of socket.use is there, and a raw listener for an event that no handler is for',
    app: listening((client, note) => {
      client.use((event, next) => {
        note('use', event[0]);
        next();
      });
      client.on('raw', (body: unknown) => note('raw', body));
    }),
    async run({ connect }) {
      await (await connect('alice')).tell('raw', 1);
    },
  },
  {
    name: 'listeners of the connection have its packets',
    app: listening((client, note) => {
      const { conn } = client;
      conn.on('packet', ({ type }: { type: string }) => note('packet', type));
      conn.on('packetCreate', ({ type }: { type: string }) => note('packetCreate', type));
      conn.on('data', (data: unknown) => note('data', data));
      conn.on('close', (reason: string) => note('close', reason));
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.socket.emitWithAck('say', 1);
      await alice.socket.emitWithAck('say', 2);
      alice.socket.io.engine.close();
      await alice.leaves();
    },
  },
  {
    name: 'a middleware of socket.use never goes on',
    app: listening((client) => {
      client.use(([event], next) => {
        if (event !== 'say') next();
      });
    }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('say', 1);
      await alice.tell('listen');
    },
  },
];
