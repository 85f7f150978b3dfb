import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type GatewayMetadata,
} from '@nestjs/websockets';
import { Namespace, Server, type Socket } from 'socket.io';
import type { App, Note, Scenario } from '../support/scenario.js';

/** A gateway of this namespace, which says where it is. */
function at(namespace: unknown, options: Partial<GatewayMetadata> = {}): (note: Note) => App {
  return (note) => {
    @WebSocketGateway({ ...options, namespace: namespace as string })
    class PlaceGateway {
      handleConnection(client: Socket): void {
        note('connected', client.nsp.name);
      }

      handleDisconnect(client: Socket): void {
        note('disconnected', client.nsp.name);
      }

      @SubscribeMessage('where')
      where(@ConnectedSocket() client: Socket): string {
        return client.nsp.name;
      }
    }
    return { providers: [PlaceGateway] };
  };
}

const visit =
  (...namespaces: string[]): Scenario['run'] =>
  async ({ connect }) => {
    for (const [index, namespace] of namespaces.entries()) {
      const client = await connect(`client ${index}`, { namespace });
      if (client.socket.connected) await client.ask('where');
      client.socket.disconnect();
    }
  };

const enter =
  (...namespaces: string[]): Scenario['run'] =>
  async ({ connect }) => {
    for (const [index, namespace] of namespaces.entries()) await connect(`client ${index}`, { namespace });
  };

/** An app whose gateway does this with the server, in afterInit. */
function prepared(prepare: (server: Server, note: Note) => void): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class PreparingGateway {
      afterInit(server: Server): void {
        prepare(server, note);
      }
    }
    return { providers: [PreparingGateway] };
  };
}

const answering = (namespace: Namespace, note: Note): void => {
  namespace.on('connection', (client) => {
    note('connection', client.nsp.name, client.handshake.auth);
    client.on('where', (ack: (name: string) => void) => ack(client.nsp.name));
  });
};

export const namespaces: Scenario[] = [
  { name: 'a gateway has a namespace', app: at('chat'), run: visit('/chat') },
  { name: 'a gateway has a namespace with a slash before it', app: at('/chat'), run: visit('/chat') },
  { name: 'a gateway has a namespace of several parts', app: at('chat/rooms'), run: visit('/chat/rooms') },
  { name: 'a client asks for a namespace that there is not', app: at('chat'), run: visit('/news') },
  {
    name: 'a gateway has the namespaces of a pattern',
    app: at(/^\/room-\d+$/),
    run: visit('/room-1', '/room-2', '/room-x'),
  },
  {
    name: 'a gateway has the namespaces of a pattern with the flag g',
    app: at(/^\/room-\d+$/g),
    run: enter('/room-1', '/room-2', '/room-3'),
    differs: {
      rows: ['pattern-with-flag'],
      client: ['client 0', 'client 1', 'client 2'].map((name) => [name, 'connect']),
      handlers: [
        ...['/room-1', '/room-2', '/room-3'].map((name) => ['connected', name]),
        ...['/room-1', '/room-2', '/room-3'].map((name) => ['disconnected', name]),
      ],
    },
  },
  {
    name: 'a gateway has the namespaces that a function lets in',
    app: at((name: string, auth: unknown, next: (error: null, exists: boolean) => void) =>
      next(null, name.startsWith('/tenant-')),
    ),
    run: visit('/tenant-1', '/other'),
  },
  {
    name: '@WebSocketServer() is the server, a namespace, or the parent of namespaces',
    app(note) {
      @WebSocketGateway()
      class MainGateway {
        @WebSocketServer() readonly server!: Server;

        afterInit(): void {
          note('main', this.server instanceof Server);
        }
      }
      @WebSocketGateway({ namespace: 'chat' })
      class ChatGateway {
        @WebSocketServer() readonly server!: Namespace;

        afterInit(): void {
          note('chat', this.server instanceof Namespace, this.server.name);
        }
      }
      @WebSocketGateway({ namespace: /^\/room-\d+$/ })
      class RoomsGateway {
        @WebSocketServer() readonly server!: Namespace;

        afterInit(): void {
          note('rooms', this.server.constructor.name);
        }
      }
      return { providers: [MainGateway, ChatGateway, RoomsGateway] };
    },
    run() {},
    differs: {
      12: {
        rows: ['first-gateway-last'],
        handlers: [
          ['chat', true, '/chat'],
          ['rooms', 'ParentNamespace'],
          ['main', true],
        ],
      },
    },
  },
  {
    name: 'the parent of namespaces broadcasts to all of them',
    app(note) {
      @WebSocketGateway({ namespace: /^\/room-\d+$/ })
      class RoomsGateway {
        @WebSocketServer() readonly server!: Namespace;

        @SubscribeMessage('announce')
        announce(@MessageBody() text: string): void {
          note('announce', text);
          this.server.emit('announced', text);
        }
      }
      return { providers: [RoomsGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice', { namespace: '/room-1' });
      await connect('bob', { namespace: '/room-2' });
      await alice.tell('announce', 'tea');
    },
  },
  {
    name: 'a client is in several namespaces by one connection, and leaves one',
    app(note) {
      @WebSocketGateway()
      class MainGateway {
        @SubscribeMessage('where')
        where(): string {
          return 'main';
        }

        handleConnection(client: Socket): void {
          client.on('disconnect', (reason) => note('left main', reason));
        }
      }
      @WebSocketGateway({ namespace: 'chat' })
      class ChatGateway {
        @SubscribeMessage('where')
        where(): string {
          return 'chat';
        }

        handleConnection(client: Socket): void {
          client.on('disconnect', (reason) => note('left chat', reason));
        }
      }
      return { providers: [MainGateway, ChatGateway] };
    },
    async run({ connect, see }) {
      const alice = await connect('alice');
      const chat = alice.socket.io.socket('/chat').connect();
      see('chat', await chat.emitWithAck('where'));
      chat.disconnect();
      await alice.ask('where');
    },
  },
  {
    name: 'the app makes namespaces by of() with a name',
    app: prepared((server, note) => answering(server.of('/made'), note)),
    run: visit('/made', '/other'),
  },
  {
    name: 'the app makes namespaces by of() with a pattern',
    app: prepared((server, note) => answering(server.of(/^\/made-\d+$/), note)),
    run: visit('/made-1', '/made-2', '/other'),
  },
  {
    name: 'the app makes namespaces by of() with a function, which has the credentials',
    app: prepared((server, note) =>
      answering(
        server.of((name, auth, next) => {
          note('asked', name, auth);
          setImmediate(next, null, name === '/made');
        }),
        note,
      ),
    ),
    async run({ connect }) {
      await (await connect('alice', { namespace: '/made', auth: { user: 'alice' } })).ask('where');
      await connect('bob', { namespace: '/other' });
    },
  },
  {
    name: 'a function of of() refuses with an error',
    app: prepared((server, note) =>
      answering(
        server.of((_name, _auth, next) => next(new Error('no'), false)),
        note,
      ),
    ),
    run: visit('/made'),
  },
  {
    name: 'the first of several patterns and functions has the namespace',
    app: prepared((server, note) => {
      server.of(/^\/made/).on('connection', () => note('first'));
      server.of(/^\/made-1$/).on('connection', () => note('second'));
      server.of('/made-2').on('connection', () => note('by name'));
    }),
    run: enter('/made-1', '/made-2'),
  },
  {
    name: 'the middlewares of the parent of namespaces are those of its children',
    app: prepared((server, note) => {
      const parent = server.of(/^\/made-\d+$/);
      answering(parent, note);
      parent.use((client, next) => {
        note('use', client.nsp.name);
        if (client.nsp.name === '/made-2') next(new Error('full'));
        else next();
      });
    }),
    run: visit('/made-1', '/made-2'),
  },
  {
    name: 'listeners for new_namespace have each that is made',
    app: prepared((server, note) => {
      server.on('new_namespace', (namespace) => {
        if (namespace.name.startsWith('/made')) note('new', namespace.name);
      });
      server.of('/made');
      server.of(/^\/made-\d+$/);
    }),
    run: enter('/made', '/made-1', '/made-1'),
  },
  {
    name: 'empty child namespaces are kept, unless cleanupEmptyChildNamespaces is set',
    app: prepared((server, note) => answering(server.of(/^\/made-\d+$/), note)),
    async run(stage) {
      await visit('/made-1')(stage);
      await stage.rest();
      stage.see('kept', stage.io._nsps.has('/made-1'));
    },
  },
  {
    name: 'empty child namespaces are removed when cleanupEmptyChildNamespaces is set',
    app: (note) => ({
      ...prepared((server) => answering(server.of(/^\/made-\d+$/), note))(note),
      options: { cleanupEmptyChildNamespaces: true },
    }),
    async run(stage) {
      await visit('/made-1')(stage);
      await stage.rest();
      stage.see('kept', stage.io._nsps.has('/made-1'));
      await visit('/made-1')(stage);
    },
  },
  {
    name: 'a gateway has the namespaces of a pattern, and empty ones are removed',
    app: at(/^\/room-\d+$/, { cleanupEmptyChildNamespaces: true } as object),
    async run(stage) {
      await visit('/room-1')(stage);
      await stage.rest();
      stage.see('kept', stage.io._nsps.has('/room-1'));
      await visit('/room-1')(stage);
    },
  },
  {
    name: 'listeners for `connect` and `connection` have each client, before the hook of the gateway',
    app(note) {
      @WebSocketGateway()
      class ListeningGateway {
        afterInit(server: Server): void {
          server.on('connect', () => note('connect'));
          server.on('connection', () => note('connection'));
          server.once('connection', () => note('once'));
        }

        handleConnection(): void {
          note('hook');
        }
      }
      return { providers: [ListeningGateway] };
    },
    async run({ connect }) {
      await connect('alice');
      await connect('bob');
    },
  },
  {
    name: 'a gateway has a path of its own',
    app: at('/', { path: '/example' }),
    async run({ connect }) {
      await (await connect('alice', { path: '/example' })).ask('where');
    },
  },
];
