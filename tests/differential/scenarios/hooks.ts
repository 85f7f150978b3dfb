import { Module, type Type } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer, WsException } from '@nestjs/websockets';
import { Server, type Namespace, type Socket } from 'socket.io';
import { answered } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

/** A gateway with these hooks, which answers `say`. */
function hooked(
  hooks: (note: Note) => {
    handleConnection?: (client: Socket) => unknown;
    handleDisconnect?: (client: Socket, reason?: string) => unknown;
  },
): (note: Note) => App {
  return (note) => {
    const { handleConnection, handleDisconnect } = hooks(note);
    @WebSocketGateway()
    class HookedGateway {
      handleConnection(client: Socket): unknown {
        return handleConnection?.(client);
      }

      handleDisconnect(client: Socket, reason?: string): unknown {
        return handleDisconnect?.(client, reason);
      }

      @SubscribeMessage('say')
      say(@MessageBody() body: unknown): unknown {
        note('said', body);
        return body;
      }
    }
    return { providers: [HookedGateway], kit: { handleConnectionTimeout: 600 } };
  };
}

const noting: Scenario['app'] = hooked((note) => ({
  handleConnection(client) {
    note('connected', client.id, client.connected, [...client.rooms]);
    client.on('disconnect', (reason) => note('disconnect', reason));
  },
  handleDisconnect: (client) => note('disconnected', client.id, client.connected, [...client.rooms]),
}));

const failed = (hook: string): Fact => [
  'error',
  'WsExceptionsHandler',
  `HookedGateway.${hook} failed on client <alice>: the store is down`,
];

/** The client is gone, or the process would be. */
const connectAndWait: Scenario['run'] = async ({ connect, uncaught }) => {
  const alice = await connect('alice');
  await Promise.race([alice.leaves(), uncaught]);
};

const SUBSCRIBED = ['log', 'WebSocketsController', 'QuietGateway subscribed to the "say" message'];
const INITIALIZED = ['log', 'EventsGateway', 'WebSocket Gateway initialized'];

const bootLog = (...ofGateways: Fact[]): Fact[] => [
  ['log', 'NestFactory', 'Starting Nest application...'],
  ['log', 'InstanceLoader', 'AppModule dependencies initialized'],
  ['log', 'InstanceLoader', 'WebsocketModule dependencies initialized'],
  ...ofGateways,
  ['log', 'NestApplication', 'Nest application successfully started'],
  ['log', 'EventsGateway', 'Client connected: <alice>'],
  ['log', 'EventsGateway', 'Client disconnected: <alice>'],
];

export const hooks: Scenario[] = [
  {
    name: 'the hooks are called when a client connects, and leaves the namespace',
    app: noting,
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('say', 1);
      alice.socket.disconnect();
    },
  },
  {
    name: 'the hooks are called when a client connects, and its connection ends',
    app: noting,
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.io.engine.close();
      await alice.leaves();
    },
  },
  {
    name: 'the hooks are called when the server disconnects a client',
    app: noting,
    async run({ connect, io }) {
      const alice = await connect('alice');
      io.disconnectSockets();
      await alice.leaves();
    },
  },
  {
    name: 'the hooks are called when the server ends the connection of a client',
    app: noting,
    async run({ connect, io }) {
      const alice = await connect('alice');
      io.disconnectSockets(true);
      await alice.leaves();
    },
  },
  {
    name: 'the hooks are called for each of several clients, and again for one that comes back',
    app: noting,
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await connect('bob');
      alice.socket.disconnect();
      await rest();
      await alice.connect();
    },
  },
  {
    name: 'handleDisconnect has the reason',
    app: hooked((note) => ({ handleDisconnect: (_client, reason) => note('disconnected', reason) })),
    async run({ connect }) {
      (await connect('alice')).socket.disconnect();
    },
    differs: {
      11: { rows: ['reason-of-disconnect'], handlers: [['disconnected', 'client namespace disconnect']] },
    },
  },
  {
    name: 'handleConnection has one argument, and its client has joined the room of its id',
    app(note) {
      @WebSocketGateway()
      class ArgumentsGateway {
        handleConnection(...args: unknown[]): void {
          const [client] = args as [Socket];
          note(args.length, client.nsp.sockets.has(client.id), client.nsp.adapter.rooms.has(client.id));
        }
      }
      return { providers: [ArgumentsGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
  },
  {
    name: 'handleConnection asks its client, by an ack',
    app: hooked((note) => ({
      async handleConnection(client) {
        note('answer', await client.timeout(5_000).emitWithAck('who are you?'));
      },
    })),
    async run({ connect }) {
      const alice = await connect('alice', { autoAnswer: ['who are you?', 'alice'] });
      await alice.fence();
    },
  },
  {
    name: 'the hooks of gateways of several modules',
    app(note) {
      const gatewayOf = (name: string): Type => {
        @WebSocketGateway()
        class NamedGateway {
          handleConnection(): void {
            note(name, 'connected');
          }

          @SubscribeMessage('say')
          say(): void {
            note(name, 'said');
          }
        }
        return NamedGateway;
      };
      @Module({ providers: [gatewayOf('inner')] })
      class InnerModule {}
      @Module({ imports: [InnerModule], providers: [gatewayOf('middle')] })
      class MiddleModule {}
      return { imports: [MiddleModule], providers: [gatewayOf('outer')] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('say');
    },
  },
  {
    name: 'the hooks of two gateways of one namespace',
    app(note) {
      @WebSocketGateway()
      class FirstGateway {
        afterInit(): void {
          note('first: init');
        }

        handleConnection(): void {
          note('first: connected');
        }

        handleDisconnect(): void {
          note('first: disconnected');
        }
      }
      @WebSocketGateway()
      class SecondGateway {
        afterInit(): void {
          note('second: init');
        }

        handleConnection(): void {
          note('second: connected');
        }

        handleDisconnect(): void {
          note('second: disconnected');
        }
      }
      return { providers: [FirstGateway, SecondGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
    differs: {
      12: {
        rows: ['first-gateway-last'],
        handlers: [
          ['second: init'],
          ['first: init'],
          ['first: connected'],
          ['second: connected'],
          ['first: disconnected'],
          ['second: disconnected'],
        ],
      },
    },
  },
  {
    name: 'afterInit has the server, and @WebSocketServer() has it already',
    app(note) {
      @WebSocketGateway()
      class InitGateway {
        @WebSocketServer() readonly server!: Server;

        afterInit(server: Server): void {
          note(server instanceof Server, server === this.server);
          server.on('connection', (client) => note('connection', client.id));
        }
      }
      return { providers: [InitGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
  },
  {
    name: "a gateway of an imported module sets in a listener of afterInit's what handleConnection reads",
    app(note) {
      @WebSocketGateway()
      class SettingGateway {
        afterInit(server: Server): void {
          server.on('connection', (client) => {
            client.data = { user: 'alice' };
          });
        }

        handleConnection(client: Socket): void {
          note('connected', client.data);
        }
      }
      @Module({ providers: [SettingGateway] })
      class SettingModule {}
      return { imports: [SettingModule] };
    },
    async run({ connect }) {
      await connect('alice');
    },
  },
  {
    name: 'the second gateway of a namespace listens for connections in afterInit',
    app(note) {
      @WebSocketGateway({ namespace: 'chat' })
      class FirstGateway {
        handleConnection(): void {
          note('first hook');
        }
      }
      @WebSocketGateway({ namespace: 'chat' })
      class SecondGateway {
        afterInit(namespace: Namespace): void {
          namespace.on('connection', () => note('connection'));
        }

        handleConnection(): void {
          note('second hook');
        }
      }
      return { providers: [FirstGateway, SecondGateway] };
    },
    async run({ connect }) {
      await connect('alice', { namespace: 'chat' });
    },
    differs: {
      rows: ['connection-listeners-first'],
      handlers: [['connection'], ['first hook'], ['second hook']],
    },
  },
  {
    name: 'handleConnection emits, joins a room and adds listeners',
    app: hooked((note) => ({
      async handleConnection(client) {
        client.emit('welcome', client.handshake.auth);
        client.on('raw', (body: unknown) => note('raw', body));
        await client.join('lobby');
        client.nsp.to('lobby').emit('joined', [...client.rooms]);
      },
    })),
    async run({ connect }) {
      const alice = await connect('alice', { auth: { token: 'secret' } });
      await alice.tell('raw', 1);
    },
  },
  {
    name: 'handleConnection disconnects the client',
    app: hooked((note) => ({
      handleConnection(client) {
        note('connected');
        client.emit('sorry');
        client.disconnect();
      },
      handleDisconnect: () => note('disconnected'),
    })),
    run: connectAndWait,
    differs: { rows: ['hooks-in-pairs'], handlers: [['connected'], ['disconnected']] },
  },
  {
    name: 'handleConnection disconnects the client, and its connection',
    app: hooked((note) => ({
      handleConnection(client) {
        note('connected');
        client.disconnect(true);
      },
      handleDisconnect: () => note('disconnected'),
    })),
    run: connectAndWait,
    differs: { rows: ['hooks-in-pairs'], handlers: [['connected'], ['disconnected']] },
  },
  {
    name: 'an asynchronous handleConnection disconnects the client',
    app: hooked((note) => ({
      async handleConnection(client) {
        await Promise.resolve();
        note('connected');
        client.disconnect();
      },
      handleDisconnect: () => note('disconnected'),
    })),
    run: connectAndWait,
  },
  {
    name: 'an event comes while an asynchronous handleConnection runs',
    app: hooked((note) => ({
      async handleConnection(client) {
        await new Promise<void>((resolve) => {
          client.once('go on', resolve);
        });
        note('ready');
      },
      handleDisconnect: () => note('disconnected'),
    })),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.tell('say', 1);
      await alice.tell('go on');
      await alice.tell('say', 2);
    },
    differs: {
      rows: ['held-until-ready'],
      handlers: [['ready'], ['said', 1], ['said', 2], ['disconnected']],
    },
  },
  {
    name: 'a client leaves while an asynchronous handleConnection runs',
    app: hooked((note) => ({
      async handleConnection(client) {
        note('begun');
        await new Promise<void>((resolve) => {
          client.once('disconnect', () => setImmediate(resolve));
        });
        note('ended');
      },
      handleDisconnect: () => note('disconnected'),
    })),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.disconnect();
    },
    differs: { rows: ['hooks-in-order'], handlers: [['begun'], ['ended'], ['disconnected']] },
  },
  {
    name: 'handleConnection throws a WsException',
    app: hooked((note) => ({
      handleConnection() {
        throw new WsException('banned');
      },
      handleDisconnect: (_client, reason) => note('disconnected', reason),
    })),
    run: connectAndWait,
    differs: {
      rows: ['failing-handle-connection', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'exception', answered('WS_EXCEPTION', 'banned')],
        ['alice', 'disconnect', 'io server disconnect'],
      ],
      handlers: [['disconnected', 'server namespace disconnect']],
      log: [['warn', 'Connections', 'HookedGateway.handleConnection failed on client <alice>: banned']],
    },
  },
  {
    name: "handleConnection's promise rejects with a WsException",
    app: hooked((note) => ({
      handleConnection: () => Promise.reject(new WsException('banned')),
      handleDisconnect: (_client, reason) => note('disconnected', reason),
    })),
    run: connectAndWait,
    differs: {
      rows: ['failing-handle-connection', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'exception', answered('WS_EXCEPTION', 'banned')],
        ['alice', 'disconnect', 'io server disconnect'],
      ],
      handlers: [['disconnected', 'server namespace disconnect']],
      log: [['warn', 'Connections', 'HookedGateway.handleConnection failed on client <alice>: banned']],
    },
  },
  {
    name: 'handleConnection throws an Error',
    app: hooked((note) => ({
      handleConnection() {
        throw new Error('the store is down');
      },
      handleDisconnect: () => note('disconnected'),
    })),
    run: connectAndWait,
    differs: {
      rows: ['failing-handle-connection', 'contained'],
      client: [
        ['alice', 'connect'],
        ['alice', 'disconnect', 'transport close'],
      ],
      log: [failed('handleConnection'), failed('handleConnection')],
    },
  },
  {
    name: 'handleDisconnect throws an Error',
    app: hooked((note) => ({
      handleDisconnect() {
        note('disconnected');
        throw new Error('the store is down');
      },
    })),
    async run({ connect }) {
      await connect('alice');
    },
    differs: { rows: ['contained'], log: [failed('handleDisconnect')] },
  },
  {
    name: "handleDisconnect's promise rejects",
    app: hooked((note) => ({
      async handleDisconnect() {
        note('disconnected');
        await Promise.reject(new Error('the store is down'));
      },
    })),
    async run({ connect }) {
      await connect('alice');
    },
    differs: { rows: ['contained'], log: [failed('handleDisconnect')] },
  },
  {
    name: 'afterInit throws',
    app() {
      @WebSocketGateway()
      class FailingGateway {
        afterInit(): void {
          throw new Error('no such table');
        }
      }
      return { providers: [FailingGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
    differs: { rows: ['failing-after-init'], client: [], log: [['boot', 'failed', 'Error: no such table']] },
  },
  {
    name: "afterInit's promise rejects",
    app() {
      @WebSocketGateway()
      class FailingGateway {
        async afterInit(): Promise<void> {
          await Promise.reject(new Error('no such table'));
        }
      }
      return { providers: [FailingGateway] };
    },
    async run({ connect }) {
      await connect('alice');
    },
    differs: { rows: ['failing-after-init'], client: [], log: [['boot', 'failed', 'Error: no such table']] },
  },
  {
    name: "Nest's own hooks of a gateway, and its handleDisconnect, when the app is closed",
    app(note) {
      @WebSocketGateway()
      class LivingGateway {
        onModuleInit(): void {
          note('onModuleInit');
        }

        afterInit(): void {
          note('afterInit');
        }

        onApplicationBootstrap(): void {
          note('onApplicationBootstrap');
        }

        handleConnection(): void {
          note('handleConnection');
        }

        handleDisconnect(): void {
          note('handleDisconnect');
        }

        onModuleDestroy(): void {
          note('onModuleDestroy');
        }

        beforeApplicationShutdown(): void {
          note('beforeApplicationShutdown');
        }

        onApplicationShutdown(): void {
          note('onApplicationShutdown');
        }
      }
      return { providers: [LivingGateway], kit: { shutdown: { event: false } } };
    },
    async run({ connect, app }) {
      const alice = await connect('alice');
      // How the connection of a client ends is another scenario.
      alice.socket.off('disconnect');
      await app.close();
    },
    differs: {
      rows: ['clients-leave-first'],
      handlers: [
        ['afterInit'],
        ['onModuleInit'],
        ['onApplicationBootstrap'],
        ['handleConnection'],
        ['handleDisconnect'],
        ['onModuleDestroy'],
        ['beforeApplicationShutdown'],
        ['onApplicationShutdown'],
      ],
    },
  },
  {
    name: 'what is logged from the boot to the end',
    app() {
      @WebSocketGateway()
      class QuietGateway {
        @SubscribeMessage('say')
        say(): void {}
      }
      return { providers: [QuietGateway], kit: { logDetails: false } };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.disconnect();
    },
    wholeLog: true,
    differs: {
      11: { rows: ['log-of-clients'], log: bootLog(SUBSCRIBED, INITIALIZED) },
      12: { rows: ['log-of-clients', 'first-gateway-last'], log: bootLog(INITIALIZED, SUBSCRIBED) },
    },
  },
];
