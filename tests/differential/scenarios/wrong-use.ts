import { Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import type { App, Note, Scenario } from '../support/scenario.js';

/** A gateway with a handler for this name. */
const handling =
  (event: unknown): ((note: Note) => App) =>
  (note) => {
    @WebSocketGateway()
    class OddGateway {
      @SubscribeMessage(event as string)
      odd(@MessageBody() body: unknown): string {
        note('odd', body);
        return 'answer';
      }

      @SubscribeMessage('disconnect me')
      disconnectMe(@ConnectedSocket() client: Socket): void {
        client.disconnect();
      }
    }
    return { providers: [OddGateway] };
  };

export const wrongUse: Scenario[] = [
  {
    name: 'a handler is for an event with an empty name',
    app: handling(''),
    async run({ connect }) {
      await (await connect('alice')).ask('', 1);
    },
  },
  {
    name: 'a handler is for an event whose name is a number',
    app: handling(5),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.sendRaw('2[5,1]', '2["5",2]');
    },
  },
  {
    name: 'a handler is for an event whose name is an object',
    app: handling({ cmd: 'say' }),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 1);
      await alice.tell('[object Object]', 2);
    },
  },
  {
    name: 'a handler is for `disconnect`',
    app: handling('disconnect'),
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.tell('disconnect me');
      await rest();
    },
  },
  {
    name: 'a handler is for `disconnecting`',
    app: handling('disconnecting'),
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.tell('disconnect me');
      await rest();
    },
  },
  {
    name: 'a handler is for `error`, and a client sends it',
    app: handling('error'),
    async run({ connect }) {
      await (await connect('alice')).ask('error', 'mine');
    },
  },
  {
    name: 'a handler is for `constructor`, and a client sends it',
    app: handling('constructor'),
    async run({ connect }) {
      await (await connect('alice')).ask('constructor', 1);
    },
  },
  {
    name: 'a handler is for `__proto__`, and a client sends it',
    app: handling('__proto__'),
    async run({ connect }) {
      await (await connect('alice')).ask('__proto__', 1);
    },
  },
  {
    name: 'a handler emits an event with a name that Socket.IO reserves',
    app(note) {
      @WebSocketGateway()
      class EmittingGateway {
        @SubscribeMessage('emit')
        emit(@ConnectedSocket() client: Socket): void {
          try {
            client.emit('connect');
          } catch (error) {
            note((error as Error).message);
          }
        }
      }
      return { providers: [EmittingGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('emit');
    },
  },
  {
    name: 'a handler answers, emits and joins after its client has left',
    app(note) {
      @WebSocketGateway()
      class LateGateway {
        @SubscribeMessage('late')
        async late(@ConnectedSocket() client: Socket): Promise<string> {
          await new Promise((resolve) => client.once('disconnect', resolve));
          client.emit('too late');
          await client.join('lobby');
          note('rooms', client.rooms.size, client.connected);
          return 'too late';
        }
      }
      return { providers: [LateGateway] };
    },
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.ask('late');
      alice.socket.disconnect();
      await rest();
    },
  },
  {
    name: 'a gateway has no handlers and no hooks',
    app() {
      @WebSocketGateway()
      class EmptyGateway {}
      return { providers: [EmptyGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('say', 1);
    },
  },
  {
    name: 'a class has handlers, and is no gateway',
    app(note) {
      @Injectable()
      class NoGateway {
        @SubscribeMessage('say')
        say(): void {
          note('said');
        }
      }
      @WebSocketGateway()
      class EmptyGateway {}
      return { providers: [NoGateway, EmptyGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('say', 1);
    },
  },
  {
    name: 'a gateway is provided twice',
    app(note) {
      @WebSocketGateway()
      class TwiceGateway {
        handleConnection(): void {
          note('connected');
        }

        @SubscribeMessage('say')
        say(): void {
          note('said');
        }
      }
      return { providers: [TwiceGateway, { provide: 'again', useClass: TwiceGateway }] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('say');
    },
  },
  {
    name: 'two gateways on one server disagree on an option',
    app() {
      @WebSocketGateway({ pingInterval: 10_000 })
      class FirstGateway {}
      @WebSocketGateway({ pingInterval: 20_000 })
      class SecondGateway {}
      return { providers: [FirstGateway, SecondGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
    differs: {
      rows: ['options-that-disagree'],
      client: [],
      log: [
        [
          'boot',
          'failed',
          'GatewayOptionsError: FirstGateway and SecondGateway share one Socket.IO server and disagree on its option "pingInterval". ' +
            'Say it once: in WebsocketModule.forRoot(), or in one of the two; or give one of them a port or a path of its own.',
        ],
      ],
    },
  },
  {
    name: 'the second of two gateways on one server has an option that the first has not',
    app() {
      @WebSocketGateway()
      class FirstGateway {}
      @WebSocketGateway({ pingInterval: 20_000 })
      class SecondGateway {}
      return { providers: [FirstGateway, SecondGateway] };
    },
    async run({ io, see }) {
      see('interval', io.engine.opts.pingInterval);
    },
    differs: { rows: ['options-that-disagree'], client: [['interval', 20_000]] },
  },
  {
    name: 'a gateway has a port that is no number',
    app() {
      @WebSocketGateway('8080' as never)
      class OddGateway {
        @SubscribeMessage('say')
        say(): string {
          return 'said';
        }
      }
      return { providers: [OddGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('say');
    },
  },
];
