import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { Endpoint } from './support/protocol/endpoint.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { openMuteClient, textFrame } from './support/raw-socket.js';

/** What the gateway saw, in order. */
@WebSocketGateway()
class WitnessGateway {
  readonly seen: string[] = [];

  handleConnection(client: Socket): void {
    client.on('error', ({ message }: Error) => this.seen.push(message));
  }

  handleDisconnect(): void {
    this.seen.push('disconnect');
  }

  @SubscribeMessage('note')
  note(_client: Socket, text: string): void {
    this.seen.push(text);
  }
}

@Module({ imports: [WebsocketModule], providers: [WitnessGateway] })
class AppModule {}

const overWebSocket = realtimeTest(AppModule);

overWebSocket(
  'an event that arrives together with the disconnect of its client is not handled',
  async ({ app, connect }) => {
    const alice = await connect();
    await alice.emitWithAck('note', 'heard');
    alice.emit('note', 'not heard');
    await alice.disconnect();
    await expect.poll(() => app.get(WitnessGateway).seen).toEqual(['heard', 'disconnect']);
  },
);

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const test = realtimeTest(AppModule, { client: { transports: [transport] } });

  test('a packet that cannot be decoded is passed to the listeners of "error"', async ({ app, connect }) => {
    const alice = await connect();
    alice.socket.io.engine.write('4["no event"]');
    await expect.poll(() => app.get(WitnessGateway).seen).toHaveLength(2);
    expect(app.get(WitnessGateway).seen).toEqual([expect.stringMatching(/./), 'disconnect']);
  });
});

overWebSocket.for(['websocket', 'polling'])(
  'an event after its client left the namespace is ignored, and the connection stays open (%s)',
  async (transport, { app }) => {
    const { seen } = app.get(WitnessGateway);
    const [leave, note, join] = ['41', '42["note","behind"]', '40'];
    let send: (...packets: string[]) => unknown;
    if (transport === 'websocket') {
      const { socket } = await openMuteClient(app.port);
      send = (...packets) => socket.write(Buffer.concat(packets.map(textFrame)));
    } else {
      const session = await PollingSession.open(new Endpoint(app));
      send = (...packets) => session.post(packets.join('\x1e'));
      await send(join);
    }
    await expect.poll(() => app.io.sockets.sockets.size).toBe(1);
    void send(leave, note);
    await expect.poll(() => seen).toEqual(['disconnect']);
    await send(join);
    await expect.poll(() => app.io.sockets.sockets.size).toBe(1);
    expect([app.io.engine.clientsCount, ...seen]).toEqual([1, 'disconnect']);
    app.io.disconnectSockets(true);
  },
);
