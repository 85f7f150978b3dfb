import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { assertThat } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';

/* Each of these would take minutes with an equality that compares bytes as a list. */

@WebSocketGateway()
class FileGateway {
  @SubscribeMessage('echo')
  echo(_client: Socket, file: unknown): unknown {
    return file;
  }

  @SubscribeMessage('share')
  share(client: Socket, file: unknown): void {
    client.emit('shared', { name: 'film', file });
  }
}

@Module({ imports: [WebsocketModule.forRoot({ maxHttpBufferSize: 50e6 })], providers: [FileGateway] })
class FileModule {}

const test = realtimeTest(FileModule);

const film = Buffer.alloc(20e6, 7);
const other = Buffer.from(film);
other[other.length - 1] = 8;

test('toBeAcked compares an ack of 20 MB', async ({ connect }) => {
  const alice = await connect();
  await expect(alice.emitWithAck('echo', film)).toBeAcked(film);
  await expect(alice.emitWithAck('echo', film)).toBeAcked(new Uint8Array(film));
  await expect(alice.emitWithAck('echo', film)).not.toBeAcked(other);
  await assertThat(alice.emitWithAck('echo', film)).toBeAcked(film);
});

test('toReceive compares 20 MB within an object', async ({ connect }) => {
  const alice = await connect();
  alice.emit('share', film);
  await expect(alice).toReceive('shared', { name: 'film', file: film });
  alice.emit('share', film);
  await expect(alice).toReceive('shared', { name: expect.any(String), file: film });
  await expect(alice).not.toReceive('shared', { name: 'film', file: other });
});

test('a failed comparison of 20 MB is reported', async ({ connect }) => {
  const alice = await connect();
  alice.emit('share', film);
  const failure = expect(alice).toReceive('shared', { name: 'film', file: other });
  await expect(failure).rejects.toThrow('client-1 got "shared" with other arguments');
  await expect(expect(alice.emitWithAck('echo', film)).toBeAcked(other)).rejects.toThrow('20000000 bytes');
});
