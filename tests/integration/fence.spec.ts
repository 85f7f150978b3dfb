import { Module } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import { expect } from 'vitest';

/** Notes all that reaches the app. */
@WebSocketGateway()
class WiretapGateway {
  readonly heard: unknown[] = [];

  afterInit(server: Server): void {
    server.use((_socket, next) => {
      this.heard.push('namespace middleware');
      next();
    });
  }

  handleConnection(client: Socket): void {
    client.onAny((...args: unknown[]) => this.heard.push(args));
    client.onAnyOutgoing((...args: unknown[]) => this.heard.push(args));
    client.use((event, next) => {
      this.heard.push(event);
      next();
    });
    client.conn.on('data', (data: unknown) => this.heard.push(data));
    client.on('disconnect', (reason) => this.heard.push(reason));
  }
}

@Module({ imports: [WebsocketModule.forRoot({ connectionStateRecovery: {} })], providers: [WiretapGateway] })
class WiretapModule {}

const test = realtimeTest(WiretapModule);

// Fences are sent by private methods of Engine.IO: this is where a change of theirs shows.
for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']] as const) {
  test(`settle() fences both directions without reaching the app or the client (${transports.join(' to ')})`, async ({
    app,
    connect,
  }) => {
    const alice = await connect({ transports: [...transports] });
    const engineTypes: string[] = [];
    alice.socket.io.engine.on('packet', ({ type }) => engineTypes.push(type));
    const { heard } = app.get(WiretapGateway);
    heard.length = 0;
    for (let round = 0; round < 20; round += 1) await app.settle();
    expect(heard).toEqual([]);
    expect(alice.inbox.events).toEqual([]);
    expect(engineTypes.filter((type) => type === 'noop').length).toBeGreaterThanOrEqual(20);
    expect(alice.connected).toBe(true);
  });
}

/** The TCP socket under a WebSocket, at either end. */
interface Tcp {
  pause(): void;
  resume(): void;
}

/** Stops what comes in, and lets it in a moment later: as a slow network would. */
function stallFor(milliseconds: number, tcp: Tcp): void {
  tcp.pause();
  setTimeout(() => tcp.resume(), milliseconds);
}

test('settle() waits for data in flight to the server', async ({ app, connect }) => {
  const alice = await connect();
  const { heard } = app.get(WiretapGateway);
  heard.length = 0;
  const { transport } = app.io.sockets.sockets.get(alice.id)!.conn as unknown as {
    transport: { socket: { _socket: Tcp } };
  };
  stallFor(80, transport.socket._socket);
  alice.emit('slow', 1);
  await app.settle();
  expect(heard).toContainEqual(['slow', 1]);
});

test('settle() waits for data in flight to a client', async ({ app, connect }) => {
  const alice = await connect();
  const { transport } = alice.socket.io.engine as unknown as { transport: { ws: { _socket: Tcp } } };
  stallFor(80, transport.ws._socket);
  app.io.emit('slow', 1);
  await app.settle();
  expect(alice.received('slow')).toEqual([[1]]);
});

test('a client records events and its disconnect even when the test removes all listeners of its socket', async ({
  app,
  connect,
}) => {
  const alice = await connect();
  alice.socket.off();
  alice.socket.offAny();
  app.io.emit('hello', 1);
  await app.settle();
  expect(alice.received('hello')).toEqual([[1]]);
  app.io.disconnectSockets();
  await app.settle();
  expect(alice.disconnectReason).toBe('io server disconnect');
});

test('the offset of connection state recovery does not appear in the arguments', async ({ app, connect }) => {
  const alice = await connect();
  app.io.emit('hello', { a: 1 }, 'text');
  await app.settle();
  app.io.volatile.emit('hello', 'volatile');
  await app.settle();
  app.io.to(alice.id).emit('hello');
  await app.settle();
  expect(alice.received('hello')).toEqual([[{ a: 1 }, 'text'], ['volatile'], []]);
});
