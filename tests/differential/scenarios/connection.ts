import { Controller, Get } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, type GatewayMetadata } from '@nestjs/websockets';
import { once } from 'node:events';
import { Server as HttpServer, type IncomingMessage } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Server, type Namespace, type Socket } from 'socket.io';
import parser from 'socket.io-msgpack-parser';
import { expect } from 'vitest';
import { PollingSession } from '../support/polling-session.js';
import type { App, Note, Scenario } from '../support/scenario.js';

/** A gateway with these options, which tells of the handshake. */
function greeting(options: GatewayMetadata = {}): (note: Note) => App {
  return (note) => {
    @WebSocketGateway(options)
    class GreetingGateway {
      handleConnection(client: Socket): void {
        const { auth, query, headers, url, xdomain, secure, address, issued, time } = client.handshake;
        note('handshake', auth, query.user, query.transport, headers['x-user'], url.split('?')[0], xdomain, secure);
        note(address.includes('127.0.0.1'), typeof issued, typeof time, client.conn.protocol, client.recovered);
        client.on('disconnect', (reason) => note('disconnect', reason));
      }

      @SubscribeMessage('transport')
      transport(@ConnectedSocket() client: Socket): string {
        return client.conn.transport.name;
      }
    }
    return { providers: [GreetingGateway] };
  };
}

/** Packets of Engine.IO. */
const CLOSE = '1';
const NOOP = '6';

const SHUTDOWN = { code: 'SHUTTING_DOWN', message: 'The server is shutting down; connect to another' };

const fetching =
  (...requests: [path: string, init?: RequestInit][]): Scenario['run'] =>
  async ({ url, see }) => {
    for (const [path, init] of requests) {
      const response = await fetch(url + path, init);
      const text = await response.text();
      see(path, response.status, text.startsWith('0{') ? 'opened' : text.slice(0, 100));
      const { sid } = (text.startsWith('0{') ? JSON.parse(text.slice(1)) : {}) as { sid?: string };
      if (sid) await fetch(`${url}${path}&sid=${sid}`, { method: 'POST', body: '1' });
    }
  };

const crossOrigin =
  (headers: Record<string, string>, method = 'GET'): Scenario['run'] =>
  async ({ url, see }) => {
    const path = '/socket.io/?EIO=4&transport=polling';
    const response = await fetch(url + path, { method, headers });
    const text = await response.text();
    const ofCors = [...response.headers].filter(([name]) => name.startsWith('access-control') || name === 'vary');
    see('cors', response.status, ofCors);
    if (text.startsWith('0{')) {
      const { sid } = JSON.parse(text.slice(1)) as { sid: string };
      await fetch(`${url}${path}&sid=${sid}`, { method: 'POST', body: '1' });
    }
  };

type AdapterInMemory = Namespace['adapter'];
const AdapterInMemory = new Server().of('/').adapter.constructor as new (namespace: Namespace) => AdapterInMemory;

async function freePort(): Promise<number> {
  const server = new HttpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function ownPort(): Scenario {
  let port: number;
  return {
    name: 'a gateway has a port of its own, and another a namespace there',
    async app() {
      port = await freePort();
      @WebSocketGateway(port)
      class OwnPortGateway {
        @SubscribeMessage('where')
        where(): string {
          return 'the port of its own';
        }
      }
      @WebSocketGateway(port, { namespace: 'news' })
      class NewsGateway {
        @SubscribeMessage('where')
        where(): string {
          return 'news there';
        }
      }
      @WebSocketGateway()
      class AppPortGateway {
        @SubscribeMessage('where')
        where(): string {
          return 'the port of the app';
        }
      }
      return { providers: [OwnPortGateway, NewsGateway, AppPortGateway] };
    },
    async run({ connect }) {
      await (await connect('alice', { port })).ask('where');
      await (await connect('bob', { port, namespace: 'news' })).ask('where');
      await (await connect('carol')).ask('where');
    },
  };
}

export const connection: Scenario[] = [
  {
    name: 'the handshake has credentials, query and headers',
    app: greeting(),
    async run({ connect }) {
      await connect('alice', {
        auth: { token: 'secret', deep: { list: [1] } },
        query: { user: 'alice' },
        extraHeaders: { 'x-user': 'alice' },
      });
    },
  },
  {
    name: 'the credentials come from a function of the client',
    app: greeting(),
    async run({ connect }) {
      await connect('alice', { auth: (give: (auth: object) => void) => give({ token: 'secret' }) });
    },
  },
  {
    name: 'a client begins by polling, and is upgraded to websocket',
    app: greeting(),
    async run({ connect }) {
      const alice = await connect('alice', { transports: ['polling', 'websocket'] });
      const { engine } = alice.socket.io;
      if (engine.transport.name === 'polling')
        await new Promise<void>((resolve) => engine.once('upgrade', () => resolve()));
      await alice.ask('transport');
    },
  },
  {
    name: 'a client is not upgraded when allowUpgrades is off',
    app: greeting({ allowUpgrades: false }),
    async run({ connect }) {
      const alice = await connect('alice', { transports: ['polling', 'websocket'] });
      await alice.ask('transport');
    },
  },
  {
    name: 'a gateway allows one transport only',
    app: greeting({ transports: ['websocket'] }),
    run: fetching(['/socket.io/?EIO=4&transport=polling']),
  },
  {
    name: 'a gateway has an initial packet',
    app: greeting({ initialPacket: '2["initial"]' }),
    async run({ url, see }) {
      await using session = await PollingSession.open(url);
      see('initial', session.further);
    },
  },
  {
    name: 'a gateway has a cookie',
    app: greeting({ cookie: { name: 'session', httpOnly: true, sameSite: 'strict' } }),
    async run({ url, see }) {
      await using session = await PollingSession.open(url);
      see('cookie', session.headers.get('set-cookie')?.replace(/=[\w-]{20};/, '=<id>;'));
    },
  },
  {
    name: 'a gateway has intervals and limits of its own',
    app: greeting({ pingInterval: 10_000, pingTimeout: 7_000, maxHttpBufferSize: 5_000 }),
    async run({ url, see }) {
      await using session = await PollingSession.open(url);
      const { sid: _, ...settings } = session.opening;
      see('settings', settings);
    },
  },
  {
    name: 'a gateway has the default intervals and limits',
    app: greeting(),
    async run({ url, see }) {
      await using session = await PollingSession.open(url);
      const { sid: _, ...settings } = session.opening;
      see('settings', settings);
    },
  },
  {
    name: 'a client that does not answer pings is disconnected',
    app: greeting({ pingInterval: 100, pingTimeout: 100 }),
    async run({ connect }) {
      const alice = await connect('alice');
      const { engine } = alice.socket.io;
      engine.transport['onPacket'] = () => {};
      clearTimeout(engine['_pingTimeoutTimer'] as NodeJS.Timeout);
      const gone = new Promise<void>((resolve) => alice.socket.once('disconnect', () => resolve()));
      await gone;
    },
  },
  {
    name: 'a client that sends more than maxHttpBufferSize is disconnected',
    app: greeting({ maxHttpBufferSize: 1_000 }),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.emit('say', 'x'.repeat(2_000));
      await alice.leaves();
    },
    differs: {
      rows: ['log-of-refusals'],
      log: [
        ['warn', 'Flow', expect.stringMatching(/^A client has sent a message of .+ larger than maxHttpBufferSize/)],
      ],
    },
  },
  {
    name: 'three megabytes wait for a client that polls',
    app: greeting(),
    async run({ io, url, see }) {
      await using session = await PollingSession.open(url);
      await session.send('40');
      await session.poll();
      for (let number = 0; number < 30; number += 1) io.emit('piece', 'x'.repeat(100_000));
      const pieces: number[] = [];
      while (pieces.reduce((sum, count) => sum + count, 0) < 30) pieces.push((await session.poll()).length);
      see('polls', pieces);
    },
    differs: { rows: ['answers-to-polls'], client: [['polls', [19, 11]]] },
  },
  {
    name: 'a client that joins no namespace in time is disconnected',
    app: greeting({ connectTimeout: 50 }),
    async run({ url, see }) {
      const session = await PollingSession.open(url);
      let packet: string | undefined = NOOP;
      while (packet === NOOP) [packet] = await session.poll();
      see('closed', packet === CLOSE || packet?.includes('Session ID unknown'));
    },
  },
  {
    name: "Socket.IO's script for browsers is served",
    app: greeting(),
    async run({ url, see }) {
      const response = await fetch(`${url}/socket.io/socket.io.js`);
      see('script', response.status, response.headers.get('content-type'), (await response.text()).length > 10_000);
    },
  },
  {
    name: "Socket.IO's script for browsers is not served when serveClient is off",
    app: greeting({ serveClient: false }),
    run: fetching(['/socket.io/socket.io.js']),
  },
  {
    name: 'requests that are no handshakes are refused',
    app: greeting(),
    run: fetching(
      ['/socket.io/?EIO=4&transport=carrier-pigeon'],
      ['/socket.io/?EIO=4&transport=polling&sid=unknown'],
      ['/socket.io/?EIO=4&transport=polling', { method: 'POST', body: 'x' }],
      ['/socket.io/?EIO=3&transport=polling'],
      ['/socket.io/?EIO=4&transport=websocket'],
      ['/socket.io/'],
      ['/nowhere'],
    ),
  },
  {
    name: 'allowRequest refuses a handshake',
    app: greeting({
      allowRequest: (request, decide) =>
        decide(request.headers['x-user'] ? null : 'who are you?', Boolean(request.headers['x-user'])),
    }),
    async run(stage) {
      await fetching(
        ['/socket.io/?EIO=4&transport=polling'],
        ['/socket.io/?EIO=4&transport=polling', { headers: { 'x-user': 'alice' } }],
      )(stage);
      await stage.connect('bob');
    },
  },
  {
    name: 'a gateway says nothing of cors, and a page of another origin asks',
    app: greeting(),
    run: crossOrigin({ origin: 'https://app.example.com' }),
    differs: {
      rows: ['cors-by-default'],
      client: [['cors', 200, [['access-control-allow-origin', '*']]]],
    },
  },
  {
    name: 'a gateway has an allowed origin, and its page asks',
    app: greeting({ cors: { origin: 'https://app.example.com', credentials: true } }),
    run: crossOrigin({ origin: 'https://app.example.com' }),
  },
  {
    name: 'a gateway has allowed origins, and its page asks beforehand',
    app: greeting({ cors: { origin: ['https://app.example.com'], allowedHeaders: ['x-user'] } }),
    run: crossOrigin(
      {
        origin: 'https://app.example.com',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-user',
      },
      'OPTIONS',
    ),
  },
  ...[true, '*', { origin: '*' }, { origin: true }].map((cors): Scenario => ({
    name: `the app has \`cors: ${inspect(cors)}\``,
    app: (note) => ({ ...greeting()(note), options: { cors: cors as never } }),
    run: crossOrigin({ origin: 'https://app.example.com' }),
  })),
  {
    name: 'a gateway has an allowed origin, and a page of another connects',
    app: greeting({ cors: { origin: 'https://app.example.com' } }),
    async run({ connect }) {
      await connect('eve', { extraHeaders: { origin: 'https://evil.example.com' } });
    },
    differs: {
      rows: ['origins-are-enforced', 'log-of-refusals'],
      client: [['eve', 'connect_error', expect.stringMatching(/^(?:websocket|xhr poll) error$/)]],
      handlers: [],
      log: [
        [
          'warn',
          'Admission',
          'Refused a connection: its origin "https://evil.example.com" is not allowed by cors.origin',
        ],
      ],
    },
  },
  {
    name: 'the app has a path for its server',
    app: (note) => ({ ...greeting()(note), options: { path: '/live' } }),
    async run({ connect }) {
      await (await connect('alice', { path: '/live' })).ask('transport');
    },
  },
  {
    name: 'the app and its clients have a parser of their own',
    app: (note) => ({ ...greeting()(note), options: { parser } }),
    async run({ connect }) {
      const alice = await connect('alice', { parser, auth: { bytes: Buffer.of(1, 2) } });
      await alice.ask('transport');
    },
  },
  {
    name: 'the app has an adapter of its own',
    app(note) {
      class NotingAdapter extends AdapterInMemory {
        override broadcast(...[packet, options]: Parameters<AdapterInMemory['broadcast']>): void {
          note('broadcast', (packet as { data: unknown }).data, options.rooms);
          super.broadcast(packet, options);
        }
      }
      return { ...greeting()(note), options: { adapter: NotingAdapter as never } };
    },
    async run({ connect, io }) {
      await connect('alice');
      io.to('lobby').emit('to the lobby');
      io.emit('to all', 1);
    },
  },
  {
    name: 'messages are compressed by perMessageDeflate and httpCompression',
    app: greeting({ perMessageDeflate: { threshold: 100 }, httpCompression: { threshold: 100 } }),
    async run({ connect, io }) {
      const alice = await connect('alice');
      io.emit('large', 'x'.repeat(10_000));
      await alice.ask('transport');
    },
  },
  {
    name: 'a client of Engine.IO 3 connects when allowEIO3 is set',
    app: greeting({ allowEIO3: true }),
    async run({ url, see }) {
      const address = `${url}/socket.io/?EIO=3&transport=polling`;
      const text = await (await fetch(address)).text();
      const { sid } = JSON.parse(text.slice(text.indexOf('{'), text.indexOf('}') + 1)) as { sid: string };
      see('opened', /^\d+:0\{/.test(text));
      await fetch(`${address}&sid=${sid}`, { method: 'POST', body: '1:1' });
    },
  },
  {
    name: 'the app makes the ids of connections, and hears of those that are refused',
    app(note) {
      @WebSocketGateway()
      class IdsGateway {
        afterInit({ engine }: Server): void {
          engine.generateId = () => 'an-id-of-the-app';
          engine.on('connection_error', ({ code, message }: { code: number; message: string }) =>
            note('refused', code, message),
          );
        }

        handleConnection(client: Socket): void {
          note('connected', client.conn['id']);
        }
      }
      return { providers: [IdsGateway] };
    },
    async run(stage) {
      await stage.connect('alice');
      await fetching(['/socket.io/?EIO=4&transport=carrier-pigeon'])(stage);
    },
  },
  {
    name: 'HTTP routes of the app are beside its gateway',
    app(note) {
      @Controller('cats')
      class CatsController {
        @Get()
        cats(): string[] {
          return ['Tom'];
        }
      }
      return { ...greeting()(note), controllers: [CatsController] };
    },
    run: fetching(['/cats'], ['/socket.io/?EIO=4&transport=polling'], ['/dogs']),
  },
  ownPort(),
  {
    name: 'the app decides of cors by a function',
    app: (note) => ({
      ...greeting()(note),
      options: {
        cors: ((request: IncomingMessage, decide: (error: null, options: object) => void) =>
          decide(null, { origin: request.headers['x-user'] ? 'https://app.example.com' : false })) as never,
      },
    }),
    run: crossOrigin({ origin: 'https://app.example.com', 'x-user': 'alice' }),
  },
  {
    name: "the builds of Socket.IO's script for browsers are served, and nothing beside them",
    app: greeting(),
    async run({ url, see }) {
      for (const name of [
        'socket.io.min.js',
        'socket.io.msgpack.min.js',
        'socket.io.esm.min.js',
        'socket.io.js.map',
        'socket.io.secret.js',
      ]) {
        const response = await fetch(`${url}/socket.io/${name}`);
        see(name, response.status, response.headers.get('content-type'), (await response.text()).length);
      }
    },
  },
  {
    name: 'an upgrade that is for another path ends, by destroyUpgrade',
    app: greeting({ destroyUpgradeTimeout: 50 }),
    async run({ url, see }) {
      const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
      socket.write('GET /other HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await once(socket.resume(), 'close');
      see('ended', socket.bytesRead);
    },
  },
  {
    name: 'the app closes its engine',
    app: greeting(),
    async run({ connect, io }) {
      const alice = await connect('alice');
      io.engine.close();
      await alice.leaves();
    },
  },
  {
    name: 'the app closes the connection of a client, which comes back by itself',
    app: greeting(),
    async run({ connect, io }) {
      const alice = await connect('alice', {
        reconnection: true,
        reconnectionDelay: 10,
        randomizationFactor: 0,
      });
      const back = new Promise<void>((resolve) => alice.socket.once('connect', resolve));
      io.sockets.sockets.get(alice.socket.id!)!.conn.close();
      await back;
      await alice.ask('transport');
    },
  },
  {
    name: 'the app counts connections and clients',
    app: greeting(),
    async run({ connect, io, see, rest }) {
      const alice = await connect('alice');
      await connect('bob');
      see('connected', io.engine.clientsCount, io.sockets.sockets.size, io.of('/').sockets.size);
      alice.disconnect();
      await alice.leaves();
      await rest();
      see('left', io.sockets.sockets.size);
    },
  },
  {
    name: 'the app attaches its server to a further HTTP server',
    app(note) {
      @WebSocketGateway()
      class AttachingGateway {
        afterInit(server: Server): void {
          const further = new HttpServer();
          try {
            server.attach(further);
            note('attached', further.listenerCount('upgrade'));
          } catch (error) {
            note('refused', (error as Error).message);
          }
        }
      }
      return { providers: [AttachingGateway] };
    },
    run() {},
    differs: {
      rows: ['second-attach'],
      handlers: [
        [
          'refused',
          'A Socket.IO server of WebsocketModule cannot be attached to a further server. ' +
            'Give a gateway another port by its decorator, @WebSocketGateway(8080), and it has a server of its own.',
        ],
      ],
    },
  },
  {
    name: 'the app closes its server by io.close()',
    app: greeting(),
    async run({ connect, io }) {
      const alice = await connect('alice');
      const left = alice.leaves();
      void io.close();
      await left;
    },
  },
  {
    name: 'the app is closed while a client is connected',
    app: greeting(),
    async run({ connect, app }) {
      const alice = await connect('alice');
      const left = alice.leaves();
      void app.close();
      await left;
    },
    differs: {
      rows: ['told-of-the-shutdown'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'server:shutdown', SHUTDOWN],
        ['alice', 'disconnect', 'transport close'],
      ],
    },
  },
  {
    name: 'a client connects anew in place of the same, and by a second connection beside it',
    app: greeting(),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.disconnect();
      await alice.connect();
      await connect('alice again');
      await alice.ask('transport');
    },
  },
  {
    name: 'an event comes in one piece with the leaving of its client',
    app(note) {
      @WebSocketGateway()
      class LastWordsGateway {
        @SubscribeMessage('last words')
        lastWords(): string {
          note('heard');
          return 'heard';
        }
      }
      return { providers: [LastWordsGateway] };
    },
    async run({ connect, rest }) {
      const alice = await connect('alice');
      alice.together(() => {
        alice.socket.emit('last words');
        alice.socket.disconnect();
      });
      await rest();
    },
  },
  {
    name: 'a server disconnects its client right after it has emitted',
    app(note) {
      @WebSocketGateway()
      class ByeGateway {
        @SubscribeMessage('bye')
        bye(@ConnectedSocket() client: Socket): void {
          client.emit('so long');
          client.disconnect(true);
          note(client.connected, client.disconnected);
          client.emit('nobody hears this');
        }
      }
      return { providers: [ByeGateway] };
    },
    async run({ connect }) {
      const alice = await connect('alice');
      alice.socket.emit('bye');
      await alice.leaves();
    },
  },
];
