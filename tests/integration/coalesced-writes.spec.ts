import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Server, type Socket, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { test } from 'vitest';
import { WebSocket, WebSocketServer as WsServer, type ServerOptions } from 'ws';
import { requestWebSocket } from './support/raw-socket.js';

@WebSocketGateway()
class TickerGateway {
  @WebSocketServer() private readonly server!: Server;

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('emit')
  emit(client: Socket, count: number): void {
    for (const sent of numbers(count)) client.emit('tick', sent);
  }

  @SubscribeMessage('broadcast')
  broadcast(@MessageBody() count: number): void {
    for (const sent of numbers(count)) this.server.emit('tick', sent);
  }

  @SubscribeMessage('mix')
  mix(client: Socket): void {
    client.emit('tick', 'first');
    client.emit('tick', Buffer.from('binary'));
    this.server.emit('tick', 'to all');
    client.compress(false).emit('tick', 'plain');
    client.volatile.emit('tick', 'volatile');
    client.emit('tick', { nested: [Buffer.from('attached'), Buffer.from('too')] });
    client.emit('tick', 'last');
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, sent) => sent);

async function withApp(options: WebsocketOptions, scenario: (app: TestApp) => Promise<void>): Promise<void> {
  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [TickerGateway] })
  class AppModule {}

  await using app = await startTestApp(AppModule);
  await scenario(app);
}

/** What Node's TCP handle is told to write: each of these is one call to the system. */
const WRITES = ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString'];

/** By which calls the server writes to the TCP connection of a client, from now on. */
function writesTo(app: TestApp, { socket }: TestClient): string[] {
  const { transport } = app.io.sockets.sockets.get(socket.id!)!.conn;
  return writesOf(Reflect.get(Reflect.get(transport, 'socket') as object, '_socket') as object);
}

function writesOf(tcp: object): string[] {
  const handle = Reflect.get(tcp, '_handle') as Record<string, (...args: unknown[]) => unknown>;
  const writes: string[] = [];
  for (const name of WRITES) {
    const write = handle[name]!.bind(handle);
    handle[name] = (...args) => {
      writes.push(name);
      return write(...args);
    };
  }
  return writes;
}

test.each(['emit', 'broadcast'])('all events that a handler sends by %s leave in two writes', (event) =>
  withApp({}, async (app) => {
    const [alice, bob] = [await app.connect(), await app.connect()];
    const writes = writesTo(app, alice);
    const sender = event === 'emit' ? alice : bob;
    sender.emit(event, 100);
    await expect(alice).toReceiveInOrder(
      ['tick', 0],
      ...numbers(99).map((sent): [string, number] => ['tick', sent + 1]),
    );
    expect(writes).toHaveLength(2);
  }),
);

test('the response to a WebSocket handshake and the first packet leave in one write', () =>
  withApp({}, async (app) => {
    const server = app.nest.getHttpServer() as HttpServer;
    const writes = once(server, 'connection').then(([tcp]) => writesOf(tcp as object));
    using raw = await requestWebSocket(app.port, '/socket.io/?EIO=4&transport=websocket');
    await raw.until('"sid"');
    expect(await writes).toHaveLength(1);
  }));

test('a broadcast leaves as one buffer that includes the frame header', () =>
  withApp({}, async (app) => {
    const [alice, bob] = [await app.connect(), await app.connect()];
    const writes = writesTo(app, alice);
    bob.emit('broadcast', 1);
    await expect(alice).toReceive('tick', 0);
    expect(writes).toEqual(['writeBuffer']);
  }));

test.each([
  ['ASCII alone', 'tea', 'writeLatin1String'],
  ['other characters', 'thé', 'writev'],
])('a message of %s leaves in one write', (_, text, call) =>
  withApp({}, async (app) => {
    const alice = await app.connect();
    const writes = writesTo(app, alice);
    expect(await alice.socket.emitWithAck('echo', text)).toBe(text);
    expect(writes).toEqual([call]);
  }),
);

test('a WebSocket class of the app receives every message in send()', () => {
  const sent: unknown[] = [];
  class Counting extends WebSocket {
    override send(data: Parameters<WebSocket['send']>[0], ...rest: never[]): void {
      sent.push(data);
      super.send(data, ...(rest as []));
    }
  }
  class CountingServer extends WsServer {
    constructor(options: ServerOptions) {
      super({ ...options, WebSocket: Counting });
    }
  }
  return withApp({ wsEngine: CountingServer }, async (app) => {
    const alice = await app.connect();
    await alice.socket.emitWithAck('echo', 'tea');
    expect(sent).toContain('430["tea"]');
  });
});

test('a wrapper around send() that is added at runtime receives every message', () => {
  const sent: unknown[] = [];
  class Traced extends WebSocket {}
  class TracedServer extends WsServer {
    constructor(options: ServerOptions) {
      super({ ...options, WebSocket: Traced });
    }
  }
  return withApp({ wsEngine: TracedServer }, async (app) => {
    const alice = await app.connect();
    const send = Reflect.get(Traced.prototype, 'send');
    Traced.prototype.send = function (this: WebSocket, ...args: unknown[]): void {
      sent.push(args[0]);
      Reflect.apply(send, this, args);
    };
    await alice.socket.emitWithAck('echo', 'tea');
    expect(sent).toContain('430["tea"]');
  });
});

test.each([{}, { perMessageDeflate: { threshold: 0 } }])(
  'a message of any length and characters arrives (%j)',
  (options) =>
    withApp(options, async (app) => {
      const alice = await app.connect();
      // The header of a frame has other forms beyond 125 and beyond 65,535 bytes.
      const lengths = [0, 1, ...numbers(30).flatMap((more) => [100 + more, 65_510 + more])];
      const texts = ['a', 'é', '\u0000', '\u0080', '茶', '🍵', '\ud800'].flatMap((character) =>
        lengths.map((length) => character.padStart(length, 'x')),
      );
      const answers = await Promise.all(texts.map((text) => alice.socket.emitWithAck('echo', text)));
      expect(answers).toEqual(texts);
    }),
);

test.each([
  ['by its query', 'EIO=4&transport=unknown', /^HTTP\/1.1 400 [^]*Transport unknown$/],
  // As by Socket.IO: the upgrade is answered, and then refused.
  ['after the upgrade', 'EIO=3&transport=websocket', /^HTTP\/1.1 101 /],
])('a WebSocket handshake that Engine.IO refuses %s gets an HTTP response', (_, query, answer) =>
  withApp({}, async (app) => {
    using raw = await requestWebSocket(app.port, `/socket.io/?${query}`);
    await raw.closed;
    expect(raw.text).toMatch(answer);
  }),
);

test('the acks of 50 messages that arrive together leave in at most four writes', () =>
  withApp({}, async (app) => {
    const alice = await app.connect();
    const writes = writesTo(app, alice);
    const answers = await Promise.all(numbers(50).map((sent) => alice.socket.emitWithAck('echo', sent)));
    expect(answers).toEqual(numbers(50));
    expect(writes.length).toBeLessThanOrEqual(4);
  }));

test.each([{}, { perMessageDeflate: { threshold: 0 } }])(
  'text, binary and uncompressed events arrive in order and without loss (%j)',
  (options) =>
    withApp(options, async (app) => {
      const alice = await app.connect();
      const plain: unknown[] = [];
      alice.socket.on('tick', (data: unknown) => plain.push(data));
      alice.emit('mix');
      await app.settle();
      expect(plain).toEqual([
        'first',
        Buffer.from('binary'),
        'to all',
        'plain',
        // A volatile event is dropped while the transport is busy, as by Socket.IO.
        { nested: [Buffer.from('attached'), Buffer.from('too')] },
        'last',
      ]);
    }),
);
