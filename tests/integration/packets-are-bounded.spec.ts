import { connect as connectTcp } from 'node:net';
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

@Module({ imports: [WebsocketModule.forRoot({ packetTimeout: 300 })], providers: [SizeGateway] })
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

  test('a message of 64 KB is handled, a larger one ends its connection', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    await expect(alice.emitWithAck('size', 'x'.repeat(65_000))).toBeAcked(65_000);
    eve.emit('size', 'x'.repeat(66_000));
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
  });

  test('a message is nested 64 levels deep, and no deeper', async ({ app, connect }) => {
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

  test('nor deep enough to overflow anything', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    sendRaw(eve, nested(30_000));
    await expect(eve).toBeDisconnected();
    await expect(alice.emitWithAck('echo', [[[1]]])).toBeAcked([[[1]]]);
  });

  test('attachments count, all together', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    await expect(alice.emitWithAck('size', Buffer.alloc(45_000))).toBeAcked(45_000);
    const placeholders = [0, 1, 2].map((num) => `{"_placeholder":true,"num":${num}}`).join();
    sendRaw(
      eve,
      `53-["echo",${placeholders}]`,
      Buffer.alloc(30_000),
      Buffer.alloc(30_000),
      Buffer.alloc(30_000),
    );
    await expect(eve).toReceive('exception', expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }));
    await expect(eve).toBeDisconnected();
  });

  test('a message of which the attachments do not come ends its connection', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    sendRaw(
      eve,
      '52-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      Buffer.alloc(1_000),
    );
    await expect(eve).toReceive('exception', expect.objectContaining({ code: 'MESSAGE_UNFINISHED' }));
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
  });

  test('what cannot be decoded ends its connection, and is told', async ({ connect }) => {
    const [alice, eve] = [await connect(client), await connect(client)];
    sendRaw(eve, '{"no":"packet"}');
    await expect(eve).toReceive('exception', expect.objectContaining({ code: 'PARSE_ERROR' }));
    await expect(eve).toBeDisconnected();
    await expect(alice).toBeConnected();
  });
});

test('the body of a polling request that does not end is answered 408', async ({ app, connect }) => {
  const alice = await connect({ transports: ['polling'] });
  const sid = alice.socket.io.engine.id;
  const link = connectTcp(app.port, '127.0.0.1');
  link.write(
    `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n42[`,
  );
  const answer = await new Promise<string>((resolve) => link.once('data', (data) => resolve(String(data))));
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  await new Promise((resolve) => link.once('close', resolve));
  await expect(alice).toBeDisconnected();
});
