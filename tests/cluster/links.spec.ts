import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { openLink, startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';

const worlds = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] } as const;

/** Heartbeats that soon notice a silent connection. */
const server = { pingInterval: 200, pingTimeout: 400 };

/** Connects alice, and bob, who is in the lobby. */
async function connectTwo(app: TestApp, transports: readonly ('websocket' | 'polling')[]): Promise<TestClient[]> {
  const alice = await app.connect({ name: 'alice', transports: [...transports] });
  const bob = await app.connect({ name: 'bob', transports: [...transports] });
  await bob.emitWithAck('join', 'lobby');
  await expect(alice).toBeConnected({ transport: transports.at(-1)! });
  await app.settle();
  return [alice, bob];
}

describe.each(Object.entries(worlds))('over %s', (_, transports) => {
  const reconnecting = { name: 'alice', transports: [...transports], reconnection: true, reconnectionDelay: 5 };

  test('a link that is cut refuses new connections until it is healed', async () => {
    await using app = await startTestApp(ChatModule);
    const alice = await app.connect(reconnecting);
    let attempts = 0;
    alice.socket.io.on('reconnect_attempt', () => (attempts += 1));
    await alice.link.cut();
    await expect(alice).toBeDisconnected();
    await expect.poll(() => attempts).toBeGreaterThan(2);
    expect(alice.connected).toBe(false);
    expect(app.io.engine.clientsCount).toBe(0);
    await alice.link.heal();
    await expect(alice).toBeConnected();
  });

  test('after a reset, a client reconnects at once', async () => {
    await using app = await startTestApp(ChatModule);
    const alice = await app.connect(reconnecting);
    const { id } = alice;
    await alice.link.reset();
    await expect.poll(() => alice.connected && alice.id !== id).toBe(true);
    await app.settle();
    expect(app.io.engine.clientsCount).toBe(1);
  });

  test('a blackhole holds back what both ends send, and it arrives in order after heal()', async () => {
    await using app = await startTestApp(ChatModule);
    const [alice, bob] = await connectTwo(app, transports);
    await alice!.link.blackhole();
    for (const text of ['one', 'two', 'three']) alice!.emit('say', text);
    bob!.emit('announce', 'news');
    await expect(bob!).toReceive('announced', 'news');
    await expect(app.settle({ timeout: 50 })).rejects.toThrow('the link of alice is blackholed');
    expect([bob!.received('said'), alice!.received('announced')]).toEqual([[], []]);
    await alice!.link.heal();
    await app.settle();
    expect([bob!.received('said'), alice!.received('announced')]).toEqual([[['one'], ['two'], ['three']], [['news']]]);
  });

  test('a blackhole does not tell the server that the client has left', async () => {
    await using app = await startTestApp(ChatModule, { timeout: 1_000 });
    const [alice] = await connectTwo(app, transports);
    await alice!.link.blackhole();
    alice!.socket.disconnect();
    await expect(app.settle({ timeout: 50 })).rejects.toThrow('the link of alice is blackholed');
    expect(alice!.serverDisconnectReason).toBeUndefined();
    await alice!.link.heal();
    await expect(alice!).toBeDisconnected('io client disconnect', { server: 'client namespace disconnect' });
  });

  test('with a blackhole downstream, the server hears the client, and the client does not hear the server', async () => {
    await using app = await startTestApp(ChatModule, { timeout: 1_000 });
    const [alice, bob] = await connectTwo(app, transports);
    await alice!.link.blackhole({ stream: 'downstream' });
    alice!.emit('say', 'hi');
    await expect(bob!).toReceive('said', 'hi');
    app.io.sockets.sockets.get(alice!.id)!.disconnect(true);
    await expect(app.settle({ timeout: 50 })).rejects.toThrow('the link of alice is blackholed downstream');
    expect(alice!.connected).toBe(true);
    await alice!.link.heal();
    await expect(alice!).toBeDisconnected('io server disconnect', { server: 'server namespace disconnect' });
  });

  test('each end notices a blackhole by its own heartbeats', async () => {
    await using app = await startTestApp(ChatModule, { server });
    const alice = await app.connect({ transports: [...transports] });
    await alice.link.blackhole();
    await expect(alice).toBeDisconnected('ping timeout', { server: 'ping timeout' });
  });

  test('latency delays each stream on its own, and keeps the order', async () => {
    await using app = await startTestApp(ChatModule);
    const [alice, bob] = await connectTwo(app, transports);
    await alice!.link.latency(60, { stream: 'downstream' });
    const began = performance.now();
    alice!.emit('say', 'at once');
    await expect(bob!).toReceive('said', 'at once');
    const answers = await Promise.all([1, 2, 3].map((value) => alice!.emitWithAck('echo', value)));
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
    expect(answers).toEqual([1, 2, 3]);
  });

  test('bandwidth limits how much arrives', async () => {
    await using app = await startTestApp(ChatModule);
    const [alice] = await connectTwo(app, transports);
    await alice!.link.bandwidth(1_000_000, { stream: 'downstream' });
    const began = performance.now();
    app.io.emit('snapshot', 'x'.repeat(200_000));
    await app.settle();
    expect(alice!.received('snapshot')).toEqual([['x'.repeat(200_000)]]);
    // The first portion passes at once.
    expect(performance.now() - began).toBeGreaterThan(170);
  });

  test('an app closes at once although a link lets nothing pass, and what it held back is dropped', async () => {
    const app = await startTestApp(ChatModule, { errorLogs: 'fail' });
    const [alice, bob] = await connectTwo(app, transports);
    await alice!.link.blackhole();
    alice!.emit('say', 'lost');
    alice!.socket.disconnect();
    await bob!.link.cut();
    const began = performance.now();
    await app.close();
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(bob!.received('said')).toEqual([]);
  });
});

type Act = (alice: TestClient, app: TestApp) => unknown;
type Says = [client: string, server: string];

const conn = (alice: TestClient, app: TestApp) => app.io.sockets.sockets.get(alice.id)!.conn;

/** How each disconnect reason is provoked, and what each end says: over WebSocket and, if it differs, over polling. */
const ways: [code: string, act: Act, overWebSocket: Says, overPolling?: Says][] = [
  [
    'alice.link.cut()',
    (alice) => alice.link.cut(),
    ['transport close', 'transport close'],
    ['transport error', 'transport error'],
  ],
  [
    'alice.link.reset()',
    (alice) => alice.link.reset(),
    ['transport close', 'transport close'],
    ['transport error', 'transport error'],
  ],
  ['alice.link.blackhole()', (alice) => alice.link.blackhole(), ['ping timeout', 'ping timeout']],
  [
    "alice.link.corrupt({ stream: 'upstream' })",
    async (alice) => {
      await alice.link.corrupt({ stream: 'upstream' });
      alice.emit('say', 'hi');
    },
    ['transport close', 'transport error'],
    ['transport error', 'transport close'],
  ],
  [
    "alice.link.corrupt({ stream: 'downstream' })",
    async (alice, app) => {
      await alice.link.corrupt({ stream: 'downstream' });
      app.io.emit('news');
    },
    ['transport error', 'transport close'],
  ],
  ['alice.disconnect()', (alice) => alice.disconnect(), ['io client disconnect', 'client namespace disconnect']],
  ['alice.socket.io.engine.close()', (alice) => alice.socket.io.engine.close(), ['forced close', 'transport close']],
  [
    'socket.disconnect()',
    (alice, app) => app.io.sockets.sockets.get(alice.id)!.disconnect(),
    ['io server disconnect', 'server namespace disconnect'],
  ],
  ['socket.conn.close()', (alice, app) => conn(alice, app).close(), ['transport close', 'forced close']],
  ['app.close()', (_, app) => app.nest.close(), ['transport close', 'server shutting down']],
  [
    "socket.conn.write('garbage')",
    (alice, app) => conn(alice, app).write('garbage'),
    ['parse error', 'transport close'],
  ],
  [
    "alice.socket.io.engine.transport.send([{ type: 'garbage' }])",
    (alice) => alice.socket.io.engine.transport.send([{ type: 'garbage' as 'noop' }]),
    ['transport close', 'parse error'],
  ],
];

/** The rows of the table in the guide, without the spaces that align it. */
const guide = readFileSync(new URL('../../docs/guides/faults.md', import.meta.url), 'utf8').replaceAll(/ {2,}/g, ' ');

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  test.each(ways)('%s', async (code, act, overWebSocket, overPolling = overWebSocket) => {
    const [client, atServer] = transport === 'websocket' ? overWebSocket : overPolling;
    await using app = await startTestApp(ChatModule, client === 'ping timeout' ? { server } : {});
    const alice = await app.connect({ name: 'alice', transports: [transport] });
    await act(alice, app);
    await expect(alice).toBeDisconnected(client, { server: atServer });
    expect(guide).toContain(
      `| \`${code}\` | ${overPolling === overWebSocket ? 'both' : transport} | ${client} | ${atServer} |`,
    );
  });
});

test('a failed assertion names the links that are faulty', async () => {
  await using app = await startTestApp(ChatModule);
  const [alice, bob] = await app.connect(2, { timeout: 100 });
  await bob.emitWithAck('join', 'lobby');
  await alice.link.blackhole({ stream: 'upstream' });
  alice.emit('say', 'hi');
  const assertion = expect(bob).toReceive('said', 'hi');
  await expect(assertion).rejects.toThrow(/because:\n\s+the link of client-1 is blackholed upstream\n/);
});

test('settle() names every fault of a link', async () => {
  await using app = await startTestApp(ChatModule);
  const alice = await app.connect({ name: 'alice' });
  await alice.link.latency(5_000, { stream: 'upstream' });
  await alice.link.bandwidth(10);
  await expect(app.settle({ timeout: 50 })).rejects.toMatchObject({
    name: 'SettleTimeoutError',
    message: [
      'The app did not settle within 50 ms.',
      '  faults that the test injected (heal() removes them):',
      '    the link of alice has a latency of 5000 ms upstream',
      '    the link of alice passes 10 bytes per second',
      '  stalled: what clients sent has not reached the server',
    ].join('\n'),
  });
});

test('the timeline and its diagram show faults and their end', async () => {
  await using app = await startTestApp(ChatModule);
  const alice = await app.connect({ name: 'alice' });
  await alice.link.latency(20, { stream: 'downstream' });
  await alice.link.heal();
  await alice.link.cut();
  await expect(alice).toBeDisconnected();
  const lines = app.timeline.print().split('\n');
  expect(lines.filter((line) => line.includes('the link of')).map((line) => line.slice(13))).toEqual([
    'the link of alice has a latency of 20 ms downstream',
    'the link of alice is healed',
    'the link of alice is cut',
  ]);
  expect(app.timeline.toMermaid()).toMatch(/note over p1: · the link of alice is cut/i);
});

test('a client that was given an agent has no link', async () => {
  await using app = await startTestApp(ChatModule);
  const agent = new Agent() as never;
  const alice = await app.connect({ name: 'alice', agent });
  expect(() => alice.link).toThrow(
    'The harness cannot disturb the link of alice, because it did not open the connection. ' +
      'Connect the client with connect(), without the option "agent".',
  );
});

test('a client that is followed has no link', async () => {
  await using app = await startTestApp(ChatModule);
  const page = app.follow(io(app.url, { forceNew: true, transports: ['websocket'] }), { name: 'page' });
  await expect(page).toBeConnected();
  expect(() => page.link).toThrow('The harness cannot disturb the link of page');
});

test('clients that share a connection share its link', async () => {
  await using app = await startTestApp(ChatModule);
  const alice = await app.connect({ name: 'alice' });
  const reader = await app.connect({ name: 'reader', namespace: 'news', connection: alice });
  expect(reader.link).toBe(alice.link);
  await reader.link.cut();
  await expect(alice).toBeDisconnected('transport close');
});

test.each([0, -1, NaN])('a latency or a bandwidth of %s is refused', async (value) => {
  await using app = await startTestApp(ChatModule);
  const { link } = await app.connect();
  await expect(link.latency(value)).rejects.toThrow(
    `latency() expects a number of milliseconds above 0; got ${value}.`,
  );
  await expect(link.bandwidth(value)).rejects.toThrow(
    `bandwidth() expects a number of bytes per second above 0; got ${value}.`,
  );
});

test.each(['websocket', 'polling'] as const)('a link below TLS has the same faults over %s', async (transport) => {
  // Without a certificate: the question is not who the server is.
  const ciphers = 'aNULL@SECLEVEL=0';
  const application = { httpsOptions: { ciphers, maxVersion: 'TLSv1.2' as const } };
  await using app = await startTestApp(ChatModule, { application });
  const options = { transports: [transport], ciphers, rejectUnauthorized: false };
  const [alice, bob, carol] = await app.connect(3, options);
  await alice.link.blackhole();
  const answer = alice.emitWithAck('echo', 'held');
  await bob.link.corrupt();
  bob.emit('say', 'hi');
  await expect(bob).toBeDisconnected();
  await carol.link.reset();
  await expect(carol).toBeDisconnected();
  expect(alice.pendingAcks).toHaveLength(1);
  await alice.link.heal();
  expect(await answer).toBe('held');
});

describe('openLink()', () => {
  test('has the address of the server with the port of the link', async () => {
    await using link = await openLink('redis://user:secret@localhost/2');
    expect(link.url).toBe(`redis://user:secret@127.0.0.1:${link.port}/2`);
    await expect(openLink('tcp://localhost')).rejects.toThrow(
      'Expected a URL with a port, such as redis://localhost:6379; got tcp://localhost.',
    );
  });

  test('passes bytes both ways, with the faults of a link', async () => {
    await using echo = await startEcho();
    await using link = await openLink(echo.url);
    const client = connect(link.port, '127.0.0.1');
    const answer = async (): Promise<Buffer> => ((await once(client, 'data')) as [Buffer])[0];
    client.write('one');
    expect(String(await answer())).toBe('one');
    await link.latency(60);
    const began = performance.now();
    client.write('two');
    expect(String(await answer())).toBe('two');
    expect(performance.now() - began).toBeGreaterThanOrEqual(119);
    await link.heal();
    await link.corrupt({ stream: 'downstream' });
    client.write(Buffer.from([0x00, 0xff]));
    expect(await answer()).toEqual(Buffer.from([0xff, 0x00]));
    await link.reset();
    await expect(once(client, 'close')).rejects.toThrow('ECONNRESET');
    await expect.poll(() => echo.connections()).toBe(0);
  });

  test('lets no connection through while it is cut', async () => {
    await using echo = await startEcho();
    await using link = await openLink(echo.url);
    const first = connect(link.port, '127.0.0.1').resume();
    await once(first, 'connect');
    await expect.poll(() => echo.connections()).toBe(1);
    await link.cut();
    await once(first, 'close');
    await expect(once(connect(link.port, '127.0.0.1').resume(), 'close')).rejects.toThrow('ECONNRESET');
    await expect.poll(() => echo.connections()).toBe(0);
    await link.heal();
    const client = connect(link.port, '127.0.0.1').end('healed');
    expect(String((await once(client, 'data'))[0])).toBe('healed');
  });

  test('does not tell the server that a client is gone while it is blackholed', async () => {
    await using echo = await startEcho();
    await using link = await openLink(echo.url);
    const client = connect(link.port, '127.0.0.1');
    await expect.poll(() => echo.connections()).toBe(1);
    await link.blackhole();
    client.resetAndDestroy();
    await once(client, 'close');
    // What the server gets on another connection comes later than the end of the first one would have.
    const other = connect(Number(new URL(echo.url).port), '127.0.0.1').end('later');
    await once(other.resume(), 'close');
    expect(await echo.connections()).toBe(1);
    await link.heal();
    await expect.poll(() => echo.connections()).toBe(0);
  });

  test('close() ends connections whatever a fault holds back', async () => {
    await using echo = await startEcho();
    const link = await openLink(echo.url);
    const client = connect(link.port, '127.0.0.1').resume();
    const closed = once(client, 'close').catch(() => {});
    client.write('x'.repeat(5_000_000));
    await expect.poll(() => echo.connections()).toBe(1);
    await link.blackhole();
    await link.close();
    await closed;
    await expect.poll(() => echo.connections()).toBe(0);
  });
});

/** Starts a server that sends back what it gets. */
async function startEcho(): Promise<AsyncDisposable & { url: string; connections(): Promise<number> }> {
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  return {
    url: `tcp://127.0.0.1:${(echo.address() as AddressInfo).port}`,
    connections: () => new Promise((resolve) => echo.getConnections((_, count) => resolve(count))),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => echo.close(resolve));
    },
  };
}
