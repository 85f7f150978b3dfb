import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';

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
  'an event that comes in one go with the leaving of its client is not handled',
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

  test('a packet that cannot be decoded is told to the listeners for "error"', async ({ app, connect }) => {
    const alice = await connect();
    alice.socket.io.engine.write('4["no event"]');
    await expect.poll(() => app.get(WitnessGateway).seen).toHaveLength(2);
    expect(app.get(WitnessGateway).seen).toEqual([expect.stringMatching(/./), 'disconnect']);
  });
});
