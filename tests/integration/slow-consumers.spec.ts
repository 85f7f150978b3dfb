import { once } from 'node:events';
import type { Socket as TcpSocket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { FlowMetrics, WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { describe, test } from 'vitest';
import { ChatGateway } from './support/chat.js';
import { memoryInUse } from './support/memory.js';
import { Endpoint } from './support/protocol/endpoint.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { openMuteClient, request } from './support/raw-socket.js';

const CHUNK = 'x'.repeat(64 * 1_024);
const MB = 1_000_000;

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

describe.each(['websocket', 'polling'] as const)('over %s, a client that reads receives', (transport) => {
  const client = { transports: [transport] };

  test.for<[what: string, count: number, bytes: number]>([
    ['a burst of 100 events of 100 KB', 100, 100_000],
    ['a catch-up of 5 MB in one loop', 80, 64_000],
    ['20,000 small events in one turn', 20_000, 20],
    ['one event of 20 MB', 1, 20 * MB],
  ])('%s, complete and in order', async ([, count, bytes]) => {
    await using app = await startTestApp(moduleWith());
    const alice = await app.connect(client);
    const received: unknown[] = [];
    alice.socket.on('piece', (number: unknown) => received.push(number));
    const text = 'x'.repeat(bytes);
    for (let sent = 0; sent < count; sent += 1) app.io.emit('piece', sent, text);
    await expect.poll(() => received.length, { timeout: 15_000 }).toBe(count);
    expect(received).toEqual(Array.from({ length: count }, (_, sent) => sent));
    expect(alice.socket.connected).toBe(true);
  });

  test('an ack only after the large event before it', async () => {
    await using app = await startTestApp(moduleWith({ maxBufferedBytes: 10_000 }));
    const alice = await app.connect(client);
    const order: string[] = [];
    alice.socket.onAny((event: string) => order.push(event));
    const [socket] = [...app.io.sockets.sockets.values()];
    socket!.emit('status', 'loading');
    socket!.emit('snapshot', 'x'.repeat(5 * MB));
    await alice.emitWithAck('join', 'lobby');
    expect(order).toEqual(['status', 'snapshot']);
  });
});

test('a client on a slow link stays connected, however long one event takes', async () => {
  await using app = await startTestApp(moduleWith({ maxBufferedBytes: 10_000, stallTimeout: 400 }));
  const alice = await app.connect();
  await alice.link.bandwidth(8 * MB, { stream: 'downstream' });
  const received: number[] = [];
  alice.socket.on('piece', (text: string) => received.push(text.length));
  // More than the sockets on the way hold, so that it takes several times the timeout.
  app.io.emit('piece', 'x'.repeat(12 * MB));
  app.io.emit('piece', 'y');
  await expect.poll(() => received, { timeout: 25_000 }).toEqual([12 * MB, 1]);
});

test('data for a disconnected client counts towards the total budget, and is dropped first', async () => {
  const budget = { maxTotalBufferedBytes: 60 * MB, pingInterval: 100, pingTimeout: 200 };
  await using app = await startTestApp(moduleWith(budget));
  using _first = await openDeafClient(app);
  const { socket, ...gone } = watch(app);
  const tcp = (socket.conn as unknown as { transport: { socket: { _socket: TcpSocket } } }).transport.socket._socket;
  socket.emit('piece', 'x'.repeat(15 * MB));
  await once(socket, 'disconnect');
  expect(gone).toEqual({});
  expect(app.get(FlowMetrics).bufferedBytes()).toBeGreaterThan(40 * MB);
  expect(tcp.destroyed).toBe(false);
  using _second = await openDeafClient(app);
  const latest = watch(app).socket;
  latest.emit('piece', 'x'.repeat(15 * MB));
  await expect.poll(() => tcp.destroyed).toBe(true);
  expect(app.get(FlowMetrics).bufferedBytes()).toBeLessThan(60 * MB);
});

test('a client that reads nothing is disconnected, and other clients receive everything', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 400 }));
  const alice = await app.connect();
  let received = 0;
  alice.socket.on('chunk', (text: string) => (received += text.length));
  using _eve = await openDeafClient(app);
  const slow = watch(app, alice.id);
  for (let sent = 0; sent < 500; sent += 1) {
    app.io.emit('chunk', CHUNK);
    await nextTurn();
  }
  await expect.poll(() => slow.gone?.reason).toBe('slow consumer');
  await expect.poll(() => received, { timeout: 10_000 }).toBe(500 * CHUNK.length);
  expect(app.io.engine.clientsCount).toBe(1);
  await expect(app).toHaveLogged(
    /^Disconnected a client at 127.0.0.1: It has taken nothing for 400 ms \(stallTimeout\) .+ 1048576 bytes \(maxBufferedBytes\)/,
    { level: 'warn' },
  );
});

test('a client that reads nothing stays connected while little is buffered for it', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 50, maxBufferedBytes: 20 * MB }));
  using _eve = await openDeafClient(app);
  const slow = watch(app);
  for (let sent = 0; sent < 100; sent += 1) app.io.emit('chunk', CHUNK);
  await delay(500);
  expect(slow.gone).toBeUndefined();
  app.io.disconnectSockets(true);
});

test('a slow client that is disconnected receives no event behind a gap', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 200, maxBufferedBytes: 100_000 }));
  using eve = await openDeafClient(app);
  const slow = watch(app);
  const sendUntilGone = async (): Promise<void> => {
    for (let sent = 0; !slow.gone; sent += 1) {
      app.io.emit('number', `<${sent}>`, CHUNK);
      await delay(1);
    }
  };
  await sendUntilGone();
  expect(slow.gone!.reason).toBe('slow consumer');
  eve.socket.resume();
  await eve.closed;
  const numbers = Array.from(eve.text.matchAll(/<(\d+)>/g), ([, sent]) => Number(sent));
  expect(numbers).toEqual(numbers.map((_, index) => index));
});

describe('the budget of all clients together', () => {
  const budget = { maxTotalBufferedBytes: 60 * MB };

  test('counts a broadcast once for all its receivers', async () => {
    await using app = await startTestApp(moduleWith(budget));
    const deaf = await Promise.all(Array.from({ length: 10 }, () => openDeafClient(app)));
    for (let sent = 0; sent < 250; sent += 1) app.io.emit('chunk', CHUNK);
    // 16 MB for each of ten.
    await nextTurn();
    expect(app.io.engine.clientsCount).toBe(10);
    app.io.disconnectSockets(true);
    for (const { socket } of deaf) socket.destroy();
  });

  test('disconnects the client that has read nothing for longest, and others receive everything', async () => {
    await using app = await startTestApp(moduleWith({ ...budget, maxBufferedBytes: 1_000 * MB, stallTimeout: 1_000 }));
    using _eve = await openDeafClient(app);
    const eve = watch(app);
    app.io.emit('chunk', 'x'.repeat(12 * MB));
    // Looked at ten times a second.
    await delay(500);
    const alice = await app.connect();
    let received = 0;
    alice.socket.on('chunk', (text: string) => (received += text.length));
    app.io.emit('chunk', 'y'.repeat(15 * MB));
    await expect.poll(() => eve.gone?.reason).toBe('slow consumer');
    await expect.poll(() => received, { timeout: 10_000 }).toBe(15 * MB);
    await expect(app).toHaveLogged(/More than 60000000 bytes \(maxTotalBufferedBytes\) are kept/, {
      level: 'warn',
    });
  });
});

test('volatile events are dropped for a slow client, and do not disconnect it', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 100 }));
  using _eve = await openDeafClient(app);
  const slow = watch(app);
  for (let sent = 0; sent < 800; sent += 1) {
    app.io.volatile.emit('chunk', CHUNK);
    await nextTurn();
  }
  expect(slow.gone).toBeUndefined();
  expect(slow.socket.connected).toBe(true);
});

test('a polling client stays connected when it waits between its polls', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 100 }));
  const alice = await openPollingClient(app);
  const slow = watch(app);
  for (let sent = 0; sent < 24; sent += 1) app.io.emit('chunk', CHUNK);
  await delay(500);
  expect(slow.gone).toBeUndefined();
  let received = '';
  while (received.split('42["chunk"').length - 1 < 24) received += (await alice.poll()).body;
  await alice.post('1');
});

test('a polling client receives waiting events in order, in responses of two megabytes, before it is disconnected', async () => {
  await using app = await startTestApp(moduleWith());
  const alice = await openPollingClient(app);
  const { socket } = watch(app);
  const pieces = Array.from({ length: 81 }, (_, number) => `42["piece",${number}`);
  for (let number = 0; number < 80; number += 1) socket.emit('piece', number, 'x'.repeat(100_000));
  socket.conn.once('drain', () => socket.emit('piece', 80));
  const answers = [(await alice.poll()).body, (await alice.poll()).body];
  for (const { length } of answers) expect(length).toBeLessThan(2.1 * MB);
  socket.disconnect(true);
  answers.push((await alice.poll()).body);
  expect(answers.join('\u001e').match(/42\["piece",\d+/g)).toEqual(pieces);
});

test('a polling client receives 300,000 waiting events, even when the app disconnects it on drain', async () => {
  await using app = await startTestApp(moduleWith());
  const alice = await openPollingClient(app);
  const { socket } = watch(app);
  for (let number = 0; number < 300_000; number += 1) socket.emit('piece', number);
  socket.conn.once('drain', () => socket.disconnect(true));
  const answers = [(await alice.poll()).body, (await alice.poll()).body];
  expect(answers.join('\u001e').match(/42\["piece",\d+/g)).toHaveLength(300_000);
});

test('a polling client that does not read its response is disconnected, and its memory is freed', async () => {
  await using app = await startTestApp(moduleWith({ stallTimeout: 500 }));
  const { sid } = await openPollingClient(app);
  const slow = watch(app);
  // More than the sockets on both ends hold.
  app.io.emit('large', 'x'.repeat(16 * MB));
  const flushed = once(app.io.engine, 'flush');
  const asked = await request(app.port, `/socket.io/?EIO=4&transport=polling&sid=${sid}`);
  using _asked = asked;
  asked.socket.pause();
  await flushed;
  const held = memoryInUse();
  await expect.poll(() => slow.gone?.reason, { timeout: 10_000 }).toBe('slow consumer');
  await expect.poll(() => held - memoryInUse()).toBeGreaterThan(14 * MB);
});
