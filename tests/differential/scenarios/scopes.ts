import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import type { Scenario } from '../support/scenario.js';

export const scopes: Scenario[] = [
  {
    name: 'a gateway is there for each client, and knows it',
    app(note) {
      let instances = 0;
      @WebSocketGateway()
      class ScopedGateway {
        private readonly number = (instances += 1);

        constructor(@Inject(REQUEST) private readonly client: Socket) {}

        handleConnection(client: Socket): void {
          note('connected', this.client === client);
        }

        handleDisconnect(client: Socket): void {
          note('disconnected', this.client === client);
        }

        @SubscribeMessage('say')
        say(@ConnectedSocket() client: Socket): unknown {
          return { same: this.client === client, number: typeof this.number };
        }
      }
      return { providers: [ScopedGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('say');
      await alice.ask('say');
    },
    differs: {
      11: {
        rows: ['scoped-gateways'],
        client: [
          ['alice', 'connect'],
          ['alice', 'ack', 'say', { same: true, number: 'number' }],
          ['alice', 'ack', 'say', { same: true, number: 'number' }],
        ],
        handlers: [
          ['connected', true],
          ['disconnected', true],
        ],
      },
    },
  },
  {
    name: 'a provider of a gateway is made for each client',
    app(note) {
      let made = 0;
      @Injectable({ scope: Scope.REQUEST })
      class Counter {
        readonly number = (made += 1);
      }
      @WebSocketGateway()
      class CountingGateway {
        constructor(@Inject(Counter) private readonly counter: Counter) {}

        @SubscribeMessage('count')
        count(): number {
          note('count', this.counter.number);
          return this.counter.number;
        }
      }
      return { providers: [Counter, CountingGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      const bob = await connect('bob');
      await alice.ask('count');
      await alice.ask('count');
      await bob.ask('count');
    },
    differs: {
      11: {
        rows: ['scoped-gateways'],
        client: [
          ['alice', 'connect'],
          ['alice', 'ack', 'count', 1],
          ['alice', 'ack', 'count', 1],
          ['bob', 'connect'],
          ['bob', 'ack', 'count', 2],
        ],
        handlers: [
          ['count', 1],
          ['count', 1],
          ['count', 2],
        ],
        log: [],
      },
    },
  },
  {
    name: 'a gateway injects the providers of its module, and is injected itself',
    app(note) {
      @Injectable()
      class Store {
        readonly said: unknown[] = [];
      }
      @WebSocketGateway()
      class StoringGateway {
        constructor(@Inject(Store) private readonly store: Store) {}

        @SubscribeMessage('say')
        say(_client: Socket, body: unknown): number {
          return this.store.said.push(body);
        }
      }
      @WebSocketGateway({ namespace: 'archive' })
      class ArchiveGateway {
        constructor(
          @Inject(Store) private readonly store: Store,
          @Inject(StoringGateway) private readonly gateway: StoringGateway,
        ) {}

        @SubscribeMessage('read')
        read(): unknown {
          note(this.gateway instanceof StoringGateway);
          return this.store.said;
        }
      }
      return { providers: [Store, StoringGateway, ArchiveGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('say', 'hi');
      await (await connect('bob', { namespace: 'archive' })).ask('read');
    },
  },
];
