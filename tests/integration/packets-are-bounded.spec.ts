import { Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import type { TestClient } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';

@WebSocketGateway()
class SizeGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('size')
  size(@MessageBody() data: string | Buffer): number {
    return data.length;
  }
}

@Module({ imports: [WebsocketModule.forRoot({ maxHttpBufferSize: 65_536 })], providers: [SizeGateway] })
class AppModule {}

const test = realtimeTest(AppModule);

/** Sends what no client would send: packets of Socket.IO's as they are encoded. */
function sendRaw({ socket }: TestClient, ...packets: (string | Buffer)[]): void {
  for (const packet of packets) socket.io.engine.write(packet);
}

function nested(levels: number): string {
  return `2["echo",${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}]`;
}

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test('a message of maxHttpBufferSize is handled, and a larger one closes its connection', async ({
    app,
    connect,
  }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    await expect(alice.emitWithAck('size', 'x'.repeat(65_000))).toBeAcked(65_000);
    eve.emit('size', 'x'.repeat(66_000));
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
    await expect(app).toHaveLogged(
      /^A client has sent a message of 66\d\d\d bytes that is larger than maxHttpBufferSize \(65536 bytes\)/,
      { level: 'warn' },
    );
  });

  test('the transport tells the client that its message is too large', async ({ connect }) => {
    const eve = await connect(client);
    const told = new Promise((resolve) => {
      eve.socket.on('disconnect', (_reason, details) => resolve(details));
    });
    eve.emit('size', Buffer.alloc(70_000));
    expect(await told).toMatchObject(
      transport === 'websocket'
        ? { context: { code: 1009, reason: 'A message may have 65536 bytes' } }
        : { description: 413 },
    );
  });

  test('a message nested 64 levels deep is handled, and a deeper one closes its connection', async ({
    app,
    connect,
  }) => {
    const [alice, eve] = [await connect(client), await connect({ ...client, name: 'eve' })];
    sendRaw(alice, nested(64));
    await app.settle();
    await expect(alice).toBeConnected();
    sendRaw(eve, nested(65));
    await expect(eve).toReceive('exception', {
      status: 'error',
      code: 'MESSAGE_TOO_DEEP',
      message: 'A message may be nested 64 levels deep',
    });
    await expect(eve).toBeDisconnected();
    await expect(app).toHaveLogged(/^Disconnected a client at 127.0.0.1: A message may be nested/, {
      level: 'warn',
    });
  });

  test('a message nested 30,000 levels deep closes its connection without a stack overflow', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    sendRaw(eve, nested(30_000));
    await expect(eve).toBeDisconnected();
    await expect(alice.emitWithAck('echo', [[[1]]])).toBeAcked([[[1]]]);
  });

  test('attachments count together towards the size of a message', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    await expect(alice.emitWithAck('size', Buffer.alloc(45_000))).toBeAcked(45_000);
    const placeholders = [0, 1, 2].map((num) => `{"_placeholder":true,"num":${num}}`).join();
    sendRaw(eve, `53-["echo",${placeholders}]`, Buffer.alloc(30_000), Buffer.alloc(30_000), Buffer.alloc(30_000));
    await expect(eve).toReceive('exception', expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }));
    await expect(eve).toBeDisconnected();
  });

  test('a packet that cannot be decoded closes its connection with PARSE_ERROR', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    sendRaw(eve, '{"no":"packet"}');
    await expect(eve).toReceive('exception', expect.objectContaining({ code: 'PARSE_ERROR' }));
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
  });
});
