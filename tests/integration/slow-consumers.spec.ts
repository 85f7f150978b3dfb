import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import type { WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import type { AppModule, TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { describe, test } from 'vitest';
import { ChatGateway } from './support/chat.js';
import { memoryInUse } from './support/memory.js';
import { Endpoint } from './support/protocol/endpoint.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { openMuteClient, request } from './support/raw-socket.js';

const CHUNK = 'x'.repeat(64 * 1_024);
/** So many chunks are 200 MB. */
const CHUNKS = 3_200;

function moduleWith(options: WebsocketOptions = {}): AppModule {
  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [ChatGateway] })
  class SlowModule {}
  return SlowModule;
}

/** A client that has joined and reads no more. */
async function openDeafClient(app: TestApp): ReturnType<typeof openMuteClient> {
  const client = await openMuteClient(app.port);
  client.socket.pause();
  return client;
}

/** A polling client that has joined. */
async function openPollingClient(app: TestApp): Promise<PollingSession> {
  const session = await PollingSession.open(new Endpoint(app));
  await session.post('40');
  await session.poll();
  return session;
}

/** The socket that is there beside those of others, and why and when it goes. */
interface Watched {
  readonly socket: Socket;
  gone?: { readonly reason: string; readonly at: number };
}

function watch(app: TestApp, ...others: (string | undefined)[]): Watched {
  const socket = [...app.io.sockets.sockets.values()].find(({ id }) => !others.includes(id))!;
  const watched: Watched = { socket };
  socket.on('disconnect', (reason) => {
    watched.gone = { reason, at: performance.now() };
  });
  return watched;
}

test('what is broadcast in one go does not pile up either', { timeout: 30_000 }, async () => {
  await using app = await startTestApp(moduleWith());
  using _eve = await openDeafClient(app);
  const slow = watch(app);
  const before = memoryInUse();
  for (let sent = 0; sent < CHUNKS; sent += 1) app.io.emit('chunk', CHUNK);
  expect(memoryInUse() - before).toBeLessThan(10_000_000);
  // The app hears of it when it is through with what it emits.
  expect(slow.gone).toBeUndefined();
  await expect.poll(() => slow.gone?.reason).toBe('slow consumer');
  expect(app.io.engine.clientsCount).toBe(0);
});

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test('a client that reads may be sent several times the bound in one go', async () => {
    await using app = await startTestApp(moduleWith());
    const alice = await app.connect(client);
    for (let sent = 0; sent < 48; sent += 1) app.io.emit('chunk', CHUNK);
    await expect(alice).toReceiveTimes(48, 'chunk');
  });

  test('one message may be larger than the bound', async () => {
    await using app = await startTestApp(moduleWith({ maxBufferedBytes: 10_000 }));
    const alice = await app.connect(client);
    app.io.emit('before', 1);
    app.io.emit('snapshot', 'x'.repeat(5_000_000));
    const [snapshot] = await alice.next('snapshot');
    expect(snapshot).toHaveLength(5_000_000);
  });
});

test('volatile events are dropped, and do not count', async () => {
  await using app = await startTestApp(moduleWith());
  using _eve = await openDeafClient(app);
  const slow = watch(app);
  for (let sent = 0; sent < 800; sent += 1) {
    app.io.volatile.emit('chunk', CHUNK);
    await nextTurn();
  }
  expect(slow.gone).toBeUndefined();
  expect(slow.socket.connected).toBe(true);
});

test('a polling client that does not poll is disconnected too', async () => {
  await using app = await startTestApp(moduleWith());
  const eve = await openPollingClient(app);
  const slow = watch(app);
  const begun = performance.now();
  for (let sent = 0; sent < 20; sent += 1) app.io.emit('chunk', CHUNK);
  await expect.poll(() => slow.gone?.reason).toBe('slow consumer');
  expect(slow.gone!.at - begun).toBeLessThan(3_000);
  expect(await eve.poll()).toMatchObject({ status: 400 });
});

test('so is one that polls, and does not read what it is answered', { timeout: 30_000 }, async () => {
  await using app = await startTestApp(moduleWith());
  const { sid } = await openPollingClient(app);
  const slow = watch(app);
  // More than the sockets on both ends hold.
  const message = 'x'.repeat(16_000_000);
  const poll = async (): ReturnType<typeof request> => {
    app.io.emit('large', message);
    const flushed = once(app.io.engine, 'flush');
    const asked = await request(app.port, `/socket.io/?EIO=4&transport=polling&sid=${sid}`);
    asked.socket.pause();
    await flushed;
    return asked;
  };
  using _one = await poll();
  using _other = await poll();
  expect(slow.gone).toBeUndefined();
  const held = memoryInUse();
  app.io.emit('one', 'more');
  await expect.poll(() => slow.gone?.reason).toBe('slow consumer');
  await expect.poll(() => held - memoryInUse()).toBeGreaterThan(message.length * 2);
});
