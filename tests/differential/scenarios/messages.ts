import { createParamDecorator, DefaultValuePipe, ParseIntPipe, type ExecutionContext } from '@nestjs/common';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import type { App, Note, Scenario } from '../support/scenario.js';

const Upper = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  String(context.switchToWs().getData()).toUpperCase(),
);

type AckFunction = (...answer: unknown[]) => void;

function app(note: Note): App {
  @WebSocketGateway()
  class MessagesGateway {
    readonly greeting = 'hello';

    @SubscribeMessage('decorated')
    decorated(@MessageBody() body: unknown, @ConnectedSocket() client: Socket): unknown {
      note('decorated', body, client.id);
      return { body };
    }

    @SubscribeMessage('mixed')
    mixed(@ConnectedSocket() client: Socket, undecorated: unknown, @MessageBody() body: unknown): unknown {
      return { body, undecorated: typeof undecorated, id: client.id };
    }

    @SubscribeMessage('undecorated')
    undecorated(client: Socket, body: unknown, ack: unknown, pattern: unknown): unknown {
      note('undecorated', client.id, body, ack, pattern);
      return { body };
    }

    @SubscribeMessage('property')
    property(@MessageBody('id') id: unknown, @MessageBody('name') name: unknown): unknown {
      return { id, name };
    }

    @SubscribeMessage('piped property')
    pipedProperty(
      @MessageBody('id', ParseIntPipe) id: unknown,
      @MessageBody('page', new DefaultValuePipe(1)) page: unknown,
    ): unknown {
      return { id, page };
    }

    @SubscribeMessage('custom')
    custom(@Upper() text: string): string {
      return text;
    }

    @SubscribeMessage('no parameters')
    noParameters(): number {
      note('no parameters');
      return 7;
    }

    @SubscribeMessage('this')
    usesItself(): string {
      return this.greeting;
    }

    @SubscribeMessage('echo')
    echo(@MessageBody() body: unknown): unknown {
      return body;
    }

    @SubscribeMessage('ack')
    acksItself(@MessageBody() body: unknown, @Ack() ack: AckFunction | undefined): string {
      note('ack', body, typeof ack);
      ack?.('by hand', body);
      return 'ignored';
    }

    @SubscribeMessage('ack twice')
    acksTwice(@Ack() ack: AckFunction): void {
      ack('first');
      ack('second');
    }

    @SubscribeMessage('undecorated ack')
    acksUndecorated(_client: Socket, body: unknown, ack: AckFunction): void {
      ack('by hand', body);
    }
  }
  return { providers: [MessagesGateway] };
}

export const messages: Scenario[] = [
  {
    name: 'a handler takes the body and the socket by decorators',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      for (const body of ['text', '', 0, false, true, null, [], [1, 2], { deep: [1, { deeper: null }] }]) {
        await alice.ask('decorated', body);
        await alice.tell('decorated', body);
      }
    },
  },
  {
    name: 'a handler takes the body of an event that was sent without one',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('decorated');
      await alice.tell('decorated');
    },
  },
  {
    name: 'a handler takes the body of an event that was sent with several arguments',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('decorated', 1, { two: 2 }, 'three');
      await alice.tell('decorated', 1, { two: 2 }, 'three');
    },
  },
  {
    name: 'a handler takes bytes, alone and within an object',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('decorated', Buffer.of(1, 2, 3));
      await alice.ask('decorated', { file: Buffer.of(4), name: 'photo' });
      await alice.ask('echo', Buffer.of(5, 6));
    },
  },
  {
    name: 'a handler has parameters without a decorator beside those with one',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('mixed', 'hi');
    },
  },
  {
    name: 'a handler without parameter decorators',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('undecorated', 'hi');
      await alice.tell('undecorated', 'hi');
      await alice.ask('undecorated');
      await alice.ask('undecorated', 1, 2);
    },
  },
  {
    name: 'a handler takes properties of the body',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('property', { id: 1, name: 'tea', more: true });
      await alice.ask('property', { id: 1 });
      await alice.ask('property', 'no object');
      await alice.ask('property', null);
      await alice.ask('property');
    },
  },
  {
    name: 'a handler takes properties of the body through pipes',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('piped property', { id: '12' });
      await alice.ask('piped property', { id: '12', page: 3 });
    },
  },
  {
    name: 'a handler takes what a decorator of the app makes of the body',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('custom', 'hi');
    },
  },
  {
    name: 'a handler has no parameters, and is sent some',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('no parameters', 1, 2);
    },
  },
  {
    name: 'a handler uses `this`',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('this');
    },
  },
  {
    name: 'a handler returns several arguments as they came',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('echo', [1, 2]);
      await alice.ask('echo', 1, 2);
    },
    differs: {
      rows: ['several-arguments'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'echo', [1, 2]],
        ['alice', 'ack', 'echo', 1, 2],
      ],
    },
  },
  {
    name: 'a handler takes the ack by @Ack() and answers by itself',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('ack', 'hi');
      await alice.tell('ack', 'hi');
    },
  },
  {
    name: 'a handler that takes the ack by @Ack() answers twice',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('ack twice');
    },
  },
  {
    name: 'a handler answers by the ack that is its third parameter',
    app,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('undecorated ack', 'hi');
    },
  },
  {
    name: 'two handlers of one gateway are for one event',
    app(note) {
      @WebSocketGateway()
      class TwiceGateway {
        @SubscribeMessage('say')
        first(@MessageBody() body: unknown): unknown {
          note('first', body);
          return 'first';
        }

        @SubscribeMessage('say')
        second(@MessageBody() body: unknown): unknown {
          note('second', body);
          return 'second';
        }
      }
      return { providers: [TwiceGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('say', 'hi');
      await alice.tell('say', 'hi');
    },
  },
  {
    name: 'two gateways of one namespace are for one event',
    app(note) {
      @WebSocketGateway({ namespace: 'chat' })
      class FirstGateway {
        @SubscribeMessage('say')
        say(@MessageBody() body: unknown): { event: string; data: unknown } {
          note('first', body);
          return { event: 'said', data: 'first' };
        }
      }
      @WebSocketGateway({ namespace: 'chat' })
      class SecondGateway {
        @SubscribeMessage('say')
        say(@MessageBody() body: unknown): unknown {
          note('second', body);
          return 'second';
        }
      }
      return { providers: [FirstGateway, SecondGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice', { namespace: 'chat' });
      await alice.ask('say', 'hi');
    },
  },
  {
    name: 'one handler is decorated for two events',
    app(note) {
      @WebSocketGateway()
      class TwoEventsGateway {
        @SubscribeMessage('say')
        @SubscribeMessage('shout')
        say(@MessageBody() body: unknown): void {
          note('said', body);
        }
      }
      return { providers: [TwoEventsGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 'hi');
      await alice.tell('shout', 'hi');
    },
  },
  {
    name: 'a gateway inherits its handlers, and overrides one',
    app(note) {
      class BaseGateway {
        @SubscribeMessage('inherited')
        inherited(@MessageBody() body: unknown): unknown {
          note('inherited', this.constructor.name, body);
          return 'inherited';
        }

        @SubscribeMessage('overridden')
        overridden(): string {
          return 'base';
        }
      }
      @WebSocketGateway()
      class DerivedGateway extends BaseGateway {
        @SubscribeMessage('overridden')
        override overridden(): string {
          return 'derived';
        }
      }
      return { providers: [DerivedGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('inherited', 'hi');
      await alice.ask('overridden', 'hi');
    },
  },
];
