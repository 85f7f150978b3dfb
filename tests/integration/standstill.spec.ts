import { Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { DeadlineError, assertThat, startTestApp } from 'nest-realtime-kit/testing';
import type { Server } from 'socket.io';
import { expect, test } from 'vitest';

/** Stops the process for so many milliseconds, as a breakpoint does, or a laptop that is closed. */
function stop(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}

@WebSocketGateway()
class StoppingGateway {
  @WebSocketServer() private readonly server!: Server;

  @SubscribeMessage('stop')
  stop(@MessageBody() time: number): string {
    stop(time);
    this.server.emit('going on');
    return 'stopped';
  }
}

@Module({ providers: [StoppingGateway] })
class StoppingModule {}

const options = { timeout: 400 };

test('a deadline does not count the time in which the process is stopped', async () => {
  await using app = await startTestApp(StoppingModule, options);
  const [alice, bob] = await app.connect(2);
  await assertThat(alice.emitWithAck('stop', 1_000)).toBeAcked('stopped');
  await assertThat(bob).toReceive('going on');

  alice.emit('stop', 1_000);
  expect(await bob.next('going on')).toEqual([]);
  alice.emit('stop', 1_000);
  await app.settle();
  expect(bob.received('going on')).toHaveLength(3);

  const connecting = app.connect();
  setImmediate(stop, 1_000);
  await connecting;
});

test('a deadline ends after its running time, however often the process is stopped', async () => {
  await using app = await startTestApp(StoppingModule, options);
  const alice = await app.connect();
  const stops = setInterval(stop, 150, 100);
  try {
    await expect(alice.next('nothing')).rejects.toThrow(DeadlineError);
  } finally {
    clearInterval(stops);
  }
});
