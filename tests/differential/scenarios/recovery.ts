import { UnauthorizedException } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import type { Client } from '../support/client.js';
import { answered } from '../support/failure.js';
import type { App, Note, Scenario, Stage } from '../support/scenario.js';

/** Lets in who is not revoked: plain Nest by a middleware, the kit by `authentication` before that. */
function membersOnly(note: Note): App {
  const app = news({ recovery: { skipMiddlewares: false } })(note);
  @WebSocketGateway()
  class DoorGateway {
    afterInit(server: Server): void {
      server.use(({ handshake }, next) => {
        if (!handshake.auth.revoked) next();
        else next(Object.assign(new Error('revoked'), { data: answered('UNAUTHORIZED', 'revoked') }));
      });
    }
  }
  return {
    providers: [DoorGateway, ...app.providers!],
    options: { connectionStateRecovery: { skipMiddlewares: false } },
    kit: {
      authentication({ auth }) {
        if (auth.revoked) throw new UnauthorizedException('revoked');
        return {};
      },
    },
  };
}

interface Options {
  recovery?: { maxDisconnectionDuration?: number; skipMiddlewares?: boolean };
}

/** A gateway of news, whose clients' state is recovered. */
function news({ recovery = {} }: Options = {}): (note: Note) => App {
  return (note) => {
    @WebSocketGateway({ connectionStateRecovery: recovery as never })
    class NewsGateway {
      @WebSocketServer() readonly server!: Server;

      afterInit(server: Server): void {
        server.use((client, next) => {
          note('use', client.recovered);
          next();
        });
      }

      handleConnection(client: Socket): void {
        note('connected', client.recovered, [...client.rooms].slice(1), client.data);
      }

      @SubscribeMessage('join')
      async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
        await client.join(room);
        client.data = { room };
        return room;
      }

      @SubscribeMessage('leave')
      async leave(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
        await client.leave(room);
        return room;
      }

      @SubscribeMessage('publish')
      publish(@MessageBody() text: string): string {
        this.server.emit('news', text);
        this.server.to('lobby').emit('news of the lobby', text);
        this.server.to('attic').emit('news of the attic', text);
        this.server.volatile.emit('volatile news', text);
        return text;
      }
    }
    return { providers: [NewsGateway] };
  };
}

/** Has a client lose its connection, and news published meanwhile. */
async function missNews({ connect, rest }: Stage, seesPackets = false): Promise<Client> {
  const alice = await connect('alice');
  const bob = await connect('bob');
  await alice.ask('join', 'lobby');
  await bob.ask('publish', 'before');
  await alice.fence();
  if (seesPackets)
    alice.socket.io.on('packet', ({ type, nsp }) => {
      if (nsp === '/') alice.see('packet', type);
    });
  alice.socket.io.engine.close();
  await rest();
  await bob.ask('publish', 'meanwhile');
  return alice;
}

const comeBack: Scenario['run'] = async (stage) => {
  const alice = await missNews(stage);
  await alice.connect();
};

export const recovery: Scenario[] = [
  {
    name: 'a client comes back, with its id, its rooms, its data and what it has missed',
    app: news(),
    run: comeBack,
  },
  {
    name: 'a client comes back, and the middlewares are asked',
    app: news({ recovery: { skipMiddlewares: false } }),
    run: comeBack,
  },
  {
    name: 'a client comes back too late',
    app: news({ recovery: { maxDisconnectionDuration: -1 } }),
    run: comeBack,
  },
  {
    name: 'a client that has left by itself comes back',
    app: news(),
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.ask('publish', 'before');
      alice.socket.disconnect();
      await rest();
      await alice.connect();
      alice.see('recovered', alice.socket.recovered);
    },
  },
  {
    name: 'a client comes back, and its missed events come in this order with its CONNECT packet',
    app: news(),
    async run(stage) {
      const alice = await missNews(stage, true);
      await alice.connect();
    },
  },
  {
    name: 'a client comes back twice',
    app: news(),
    async run(stage) {
      await comeBack(stage);
      const carol = await stage.connect('carol');
      await carol.ask('publish', 'again');
    },
  },
  {
    name: 'a client comes back that is not let in any more',
    app: membersOnly,
    async run(stage) {
      const alice = await missNews(stage, true);
      alice.socket.auth = { revoked: true };
      await alice.connect();
    },
    differs: {
      rows: ['recovered-events-wait'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'join', 'lobby'],
        ['alice', 'event', 'news', 'before'],
        ['alice', 'event', 'news of the lobby', 'before'],
        ['alice', 'disconnect', 'forced close'],
        ['alice', 'connect_error', 'revoked', answered('UNAUTHORIZED', 'revoked')],
        ['alice', 'packet', 4],
        ['bob', 'connect'],
        ['bob', 'event', 'news', 'before'],
        ['bob', 'ack', 'publish', 'before'],
        ['bob', 'event', 'news', 'meanwhile'],
        ['bob', 'ack', 'publish', 'meanwhile'],
      ],
    },
  },
  {
    name: 'a client comes back, and has missed bytes',
    app: news(),
    async run({ connect, io, rest }) {
      const alice = await connect('alice');
      io.emit('photo', Buffer.of(1, 2), { deep: Buffer.of(3) });
      await alice.fence();
      alice.socket.io.engine.close();
      await rest();
      io.emit('photo', Buffer.of(4, 5), { deep: Buffer.of(6) });
      await alice.connect();
    },
  },
  {
    name: 'two clients come back by one session',
    app: news(),
    async run(stage) {
      const alice = await missNews(stage);
      const { _pid: pid, _lastOffset: offset } = alice.socket as unknown as Record<string, string>;
      await alice.connect();
      const twin = await stage.connect('twin', { auth: { pid, offset } });
      twin.see('recovered', twin.socket.recovered, twin.socket.id === alice.socket.id);
    },
    differs: {
      rows: ['one-client-a-session'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'join', 'lobby'],
        ['alice', 'event', 'news', 'before'],
        ['alice', 'event', 'news of the lobby', 'before'],
        ['alice', 'disconnect', 'forced close'],
        ['alice', 'event', 'news', 'meanwhile'],
        ['alice', 'event', 'news of the lobby', 'meanwhile'],
        ['alice', 'connect', 'recovered'],
        ['bob', 'connect'],
        ['bob', 'event', 'news', 'before'],
        ['bob', 'ack', 'publish', 'before'],
        ['bob', 'event', 'news', 'meanwhile'],
        ['bob', 'ack', 'publish', 'meanwhile'],
        ['twin', 'connect'],
        ['twin', 'recovered', false, false],
      ],
      handlers: [
        ['use', false],
        ['connected', false, [], {}],
        ['use', false],
        ['connected', false, [], {}],
        ['connected', true, ['lobby'], { room: 'lobby' }],
        ['use', false],
        ['connected', false, [], {}],
      ],
    },
  },
  {
    name: 'a client leaves, comes as a new one, loses its connection before it hears anything, and comes back',
    app: news(),
    async run(stage) {
      const alice = await stage.connect('alice');
      const bob = await stage.connect('bob');
      await bob.ask('publish', 'before');
      await alice.fence();
      alice.socket.disconnect();
      await stage.rest();
      await bob.ask('publish', 'between');
      await alice.connect();
      alice.socket.io.engine.close();
      await stage.rest();
      await bob.ask('publish', 'meanwhile');
      await alice.connect();
      alice.see('recovered', alice.socket.recovered);
    },
    differs: {
      rows: ['missed-in-the-session'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'news', 'before'],
        ['alice', 'disconnect', 'io client disconnect'],
        ['alice', 'connect'],
        ['alice', 'disconnect', 'forced close'],
        ['alice', 'event', 'news', 'meanwhile'],
        ['alice', 'connect', 'recovered'],
        ['alice', 'recovered', true],
        ['bob', 'connect'],
        ['bob', 'event', 'news', 'before'],
        ['bob', 'ack', 'publish', 'before'],
        ['bob', 'event', 'news', 'between'],
        ['bob', 'ack', 'publish', 'between'],
        ['bob', 'event', 'news', 'meanwhile'],
        ['bob', 'ack', 'publish', 'meanwhile'],
      ],
    },
  },
  {
    name: 'a client comes back, leaves its room and then the server, and comes again',
    app: news(),
    async run(stage) {
      const alice = await missNews(stage);
      await alice.connect();
      await alice.ask('leave', 'lobby');
      alice.socket.disconnect();
      await stage.rest();
      await alice.connect();
      alice.see('recovered', alice.socket.recovered);
    },
    differs: {
      rows: ['left-rooms-stay-left'],
      client: [
        ['alice', 'connect'],
        ['alice', 'ack', 'join', 'lobby'],
        ['alice', 'event', 'news', 'before'],
        ['alice', 'event', 'news of the lobby', 'before'],
        ['alice', 'disconnect', 'forced close'],
        ['alice', 'event', 'news', 'meanwhile'],
        ['alice', 'event', 'news of the lobby', 'meanwhile'],
        ['alice', 'connect', 'recovered'],
        ['alice', 'ack', 'leave', 'lobby'],
        ['alice', 'disconnect', 'io client disconnect'],
        ['alice', 'connect'],
        ['alice', 'recovered', false],
        ['bob', 'connect'],
        ['bob', 'event', 'news', 'before'],
        ['bob', 'ack', 'publish', 'before'],
        ['bob', 'event', 'news', 'meanwhile'],
        ['bob', 'ack', 'publish', 'meanwhile'],
      ],
      handlers: [
        ['use', false],
        ['connected', false, [], {}],
        ['use', false],
        ['connected', false, [], {}],
        ['connected', true, ['lobby'], { room: 'lobby' }],
        ['use', false],
        ['connected', false, [], {}],
      ],
    },
  },
  {
    name: 'a client claims a session that another client is in',
    app: news(),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('publish', 'before');
      const { _pid: pid, _lastOffset: offset } = alice.socket as unknown as Record<string, string>;
      const eve = await connect('eve', { auth: { pid, offset } });
      eve.see('recovered', eve.socket.recovered);
    },
  },
  {
    name: 'a client claims a session that there is not',
    app: news(),
    async run({ connect }) {
      const alice = await connect('alice', { auth: { pid: 'made-up', offset: 'made-up' } });
      alice.see('recovered', alice.socket.recovered);
    },
  },
];
