import { inspect } from 'node:util';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { Namespace, Server, Socket } from 'socket.io';
import { answered } from '../support/failure.js';
import { PollingSession } from '../support/polling-session.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

/** A gateway of namespace `members` that does this with it, and answers `data` with `socket.data`. */
function members(prepare: (namespace: Namespace, note: Note) => void): (note: Note) => App {
  return (note) => {
    @WebSocketGateway({ namespace: 'members' })
    class MembersGateway {
      afterInit(namespace: Namespace): void {
        prepare(namespace, note);
      }

      handleConnection(client: Socket): void {
        note('connected', client.id);
      }

      @SubscribeMessage('data')
      data(@ConnectedSocket() client: Socket): unknown {
        return client.data as unknown;
      }
    }
    return { providers: [MembersGateway] };
  };
}

const connect: Scenario['run'] = async (stage) => {
  await stage.connect('alice', { namespace: 'members', auth: { user: 'alice' } });
};

const failed = (text: string): Fact => ['error', 'WsExceptionsHandler', text];

export const middlewares: Scenario[] = [
  {
    name: 'middlewares of a namespace let a client in, in their order, and set socket.data',
    app: members((namespace, note) => {
      namespace.use((client, next) => {
        note('first', client.id, client.connected, client.rooms.size);
        (client.data as Record<string, unknown>).user = client.handshake.auth.user as unknown;
        setImmediate(next);
      });
      namespace.use((_client, next) => {
        note('second');
        next();
      });
    }),
    async run(stage) {
      const alice = await stage.connect('alice', { namespace: 'members', auth: { user: 'alice' } });
      await alice.ask('data');
    },
  },
  {
    name: 'a middleware of a namespace refuses a client with data',
    app: members((namespace) => {
      namespace.use((_client, next) =>
        next(Object.assign(new Error('members only'), { data: { code: 'NO', until: 5 } })),
      );
    }),
    run: connect,
  },
  {
    name: 'a middleware of a namespace refuses a client without data',
    app: members((namespace, note) => {
      namespace.use((_client, next) => next(new Error('members only')));
      namespace.use(() => note('never'));
    }),
    run: connect,
  },
  {
    name: 'a middleware of a namespace refuses a client by a WsException',
    app: members((namespace) => {
      namespace.use((_client, next) => next(new WsException('members only')));
    }),
    run: connect,
    differs: {
      rows: ['error-envelope'],
      client: [['alice', 'connect_error', 'members only', answered('WS_EXCEPTION', 'members only')]],
    },
  },
  {
    name: 'a middleware of a namespace refuses a client by an object that has a message',
    app: members((namespace) => {
      namespace.use((_client, next) => next({ message: 'no error' } as never));
    }),
    run: connect,
  },
  ...(
    [
      ['a text', 'a text'],
      [{ data: { code: 'NO' } }, 'Refused'],
      [7, 'Refused'],
    ] as const
  ).map(([refusal, said]): Scenario => ({
    name: `a middleware of a namespace refuses a client by ${inspect(refusal)}, which is no error`,
    app: members((namespace) => {
      namespace.use((_client, next) => next(refusal as never));
    }),
    run: connect,
    differs: {
      rows: ['refusal-by-no-error'],
      client: [['alice', 'connect_error', said, typeof refusal === 'object' ? refusal.data : undefined]],
    },
  })),
  {
    name: 'a middleware of a namespace goes on after its client has left',
    app: members((namespace, note) => {
      namespace.use((client, next) => {
        client.conn.once('close', () => {
          note('left');
          next();
        });
        client.nsp.server.of('/').emit('asked');
      });
    }),
    async run(stage) {
      const bob = await stage.connect('bob');
      let closeNewest!: () => void;
      stage.io.engine.on('connection', (connection: { close(): void }) => {
        closeNewest = () => connection.close();
      });
      const asked = bob.hears('asked');
      const alice = stage.connect('alice', { namespace: 'members' });
      await asked;
      closeNewest();
      await alice;
      await stage.rest();
    },
  },
  {
    name: 'a middleware of the engine sets what the gateway reads of the request',
    app(note) {
      @WebSocketGateway()
      class SessionGateway {
        afterInit(server: Server): void {
          server.engine.use((request: { user?: string }, _response: unknown, next: () => void) => {
            request.user = 'alice';
            next();
          });
        }

        handleConnection(client: Socket): void {
          note('user', (client.request as { user?: string }).user);
        }
      }
      return { providers: [SessionGateway] };
    },
    async run(stage) {
      await stage.connect('alice');
    },
  },
  {
    name: 'a refused client asks again, and is let in',
    app: members((namespace) => {
      let asked = 0;
      namespace.use((_client, next) => {
        asked += 1;
        if (asked > 1) next();
        else next(new Error('not yet'));
      });
    }),
    async run(stage) {
      const alice = await stage.connect('alice', { namespace: 'members' });
      await alice.connect();
    },
  },
  {
    name: 'a middleware of a namespace goes on twice',
    app: members((namespace) => {
      namespace.use((_client, next) => {
        next();
        next();
      });
    }),
    async run(stage) {
      const alice = await stage.connect('alice', { namespace: 'members' });
      await alice.ask('data');
    },
    differs: {
      rows: ['goes-on-once'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'data', {}],
      ],
    },
  },
  {
    name: 'a middleware of a namespace throws',
    app: members((namespace) => {
      namespace.use(() => {
        throw new Error('no such table');
      });
    }),
    async run(stage) {
      await Promise.race([stage.uncaught, connect(stage)]);
    },
    differs: {
      rows: ['contained', 'failing-middleware'],
      client: [['alice', 'disconnect', 'transport close']],
      log: [failed('A middleware failed on client <id>: no such table')],
    },
  },
  {
    name: 'a middleware of the server is for the main namespace alone',
    app(note) {
      @WebSocketGateway()
      class MainGateway {
        afterInit(server: Server): void {
          server.use((client, next) => {
            note('main', client.nsp.name);
            next();
          });
        }
      }
      @WebSocketGateway({ namespace: 'news' })
      class NewsGateway {
        handleConnection(client: Socket): void {
          note('connected', client.nsp.name);
        }
      }
      return { providers: [MainGateway, NewsGateway] };
    },
    async run(stage) {
      await stage.connect('alice');
      await stage.connect('bob', { namespace: 'news' });
    },
  },
  {
    name: 'a middleware of the engine sees requests, and adds a header',
    app(note) {
      @WebSocketGateway()
      class EngineGateway {
        afterInit(server: Server): void {
          server.engine.use(
            (
              request: { _query: Record<string, string>; method: string },
              response: { setHeader(name: string, value: string): void },
              next: () => void,
            ) => {
              if (!request._query.sid) note('engine', request.method, request._query.transport);
              response.setHeader('x-kit', 'seen');
              next();
            },
          );
          server.engine.on('headers', (headers: Record<string, string>) => {
            headers['x-headers'] = 'seen';
          });
        }
      }
      return { providers: [EngineGateway] };
    },
    async run(stage) {
      await using session = await PollingSession.open(stage.url);
      stage.see('headers', session.headers.get('x-kit'), session.headers.get('x-headers'));
    },
  },
];
