import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Module } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp, type Crowd } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import parser from 'socket.io-msgpack-parser';
import { describe, test, vi } from 'vitest';
import { ChatModule } from '../integration/support/chat.js';
import { isAlive } from '../support/is-alive.js';

/** Starts the process of a crowd, asks it something, and has its answer as `data`: the source of a script. */
const askWorker = (script: string, ask: object): string => `
  const { serialize, deserialize } = require('node:v8');
  const child = require('node:child_process').spawn(process.execPath, ['${script}'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const body = serialize(${JSON.stringify(ask)});
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  child.stdio[3].write(Buffer.concat([length, body]));
  const messagesIn = (data) => data.length === 0 ? [] :
    [deserialize(data.subarray(4)), ...messagesIn(data.subarray(4 + data.readUInt32LE()))];
  child.stdio[4].on('data', (data) => messagesIn(data).filter(({ reply }) => reply).forEach(onReply));
`;

/** Answers each client with what only that one is to receive, late, and may refuse or leave out some of them. */
@WebSocketGateway()
class ClubGateway {
  @WebSocketServer() private readonly server!: Server;

  afterInit(server: Server): void {
    server.use((socket, next) => {
      const { refuse } = socket.handshake.auth as { refuse?: string };
      next(refuse ? new Error(refuse) : undefined);
    });
  }

  async handleConnection(client: Socket): Promise<void> {
    const { number, leave } = client.handshake.auth as { number?: number; leave?: boolean };
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.data = { number };
    client.emit('number', number);
    if (leave) client.disconnect();
  }

  @SubscribeMessage('tell-all')
  tellAll(_client: Socket, text: string): void {
    this.server.emit('told', text);
  }

  @SubscribeMessage('tell-most')
  tellMost(_client: Socket, text: string): void {
    for (const socket of this.server.sockets.sockets.values()) {
      const { number } = socket.data as { number?: number };
      if (number !== 7) socket.emit('told', text);
      if (number === 3) socket.emit('told', text);
      if (number === 9) socket.emit('whispered', text);
    }
  }

  @SubscribeMessage('tell-late')
  async tellLate(client: Socket): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 60));
    client.broadcast.emit('told', 'late');
  }

  @SubscribeMessage('refuse')
  refuse(@ConnectedSocket() client: Socket): string {
    if ((client.data as { number?: number }).number === 2) throw new Error('not you');
    return 'fine';
  }

  @SubscribeMessage('number')
  number(client: Socket): number {
    return (client.data as { number: number }).number;
  }
}

@Module({ imports: [WebsocketModule], providers: [ClubGateway] })
class ClubModule {}

const numbered = { auth: (number: number) => ({ number }) };

const pidOf = ({ connection }: Crowd): number => connection.process.pid!;

describe.each(['websocket', 'polling'] as const)('connectMany() over %s', (transport) => {
  const transports = [transport];

  test('a broadcast reaches each client of a crowd exactly once', async () => {
    await using app = await startTestApp(ChatModule);
    const alice = await app.connect({ name: 'alice' });
    const crowd = await app.connectMany(30, { transports });
    expect([crowd.size, crowd.connected, new Set(crowd.ids).size]).toEqual([30, 30, 30]);
    expect(app.io.sockets.sockets.size).toBe(31);
    await expect(crowd).toReceive('welcome');
    expect(await crowd.slice(0, 20).emitWithAck('join', 'lobby')).toEqual(Array.from({ length: 20 }, () => 'lobby'));
    alice.emit('say', 'hi');
    await expect(crowd.slice(0, 20)).toReceiveTimes(1, 'said', 'hi');
    await expect(crowd.slice(20)).not.toReceive('said');
    expect(crowd.received('said').map((events) => events.length)).toEqual(
      crowd.ids.map((_, index) => (index < 20 ? 1 : 0)),
    );
    expect(crowd.received('said')[19]).toEqual([['hi']]);
  });

  test('a negative about a crowd waits for what handlers have not sent yet', async () => {
    await using app = await startTestApp(ClubModule);
    const alice = await app.connect();
    const crowd = await app.connectMany(10, { transports });
    for (let round = 1; round <= 3; round += 1) {
      alice.emit('tell-late');
      await app.settle();
      expect(crowd.received('told').every((events) => events.length === round)).toBe(true);
    }
    crowd.emit('tell-late');
    await app.settle();
    expect(alice.received('told')).toHaveLength(10);
    expect(crowd.received('told').every((events) => events.length === 3 + 9)).toBe(true);
  });
});

test('each client of a crowd authenticates by its number, and connecting waits for handleConnection', async () => {
  await using app = await startTestApp(ClubModule);
  const crowd = await app.connectMany(30, numbered);
  expect(crowd.received('number')).toEqual(Array.from({ length: 30 }, (_, number) => [[number]]));
  expect(await crowd.slice(10, 12).emitWithAck('number')).toEqual([10, 11]);
});

test('a failed assertion about a crowd counts the clients and names some of them', async () => {
  await using app = await startTestApp(ClubModule, { timeout: 300 });
  const alice = await app.connect();
  const crowd = await app.connectMany(20, numbered);
  alice.emit('tell-most', 'hi');
  await expect(expect(crowd).toReceive('told', 'hi')).rejects.toThrow(
    /^Expected crowd \(20 clients\) to receive "told" \('hi'\) within 340 ms\.\n {2}but:\n {4}19 of 20 did, and client 7 did not\n/,
  );
  await expect(expect(crowd).toReceiveTimes(1, 'told', 'hi')).rejects.toThrow(
    '18 of 20 did, and 2 (clients 3, 7) did not',
  );
  await expect(expect(crowd).not.toReceive('whispered')).rejects.toThrow(
    /^Expected crowd \(20 clients\) not to receive "whispered"\.\n {2}but:\n {4}1 got "whispered" \('hi'\), caused by client-1's "tell-most": client 9\n/,
  );
  await expect(expect(crowd.slice(0, 4)).toReceive('tolled')).rejects.toThrow('4 (clients 0, 1, 2, 3) did not');
});

test('the clients of a crowd count when nobody else is to receive an event', async () => {
  await using app = await startTestApp(ChatModule);
  const [alice, bob] = await app.connect(2);
  const crowd = await app.connectMany(20);
  await bob.emitWithAck('join', 'lobby');
  const listeners = crowd.slice(0, 5);
  await listeners.emitWithAck('join', 'lobby');
  for (const audience of [[bob, listeners], app.room('lobby')]) {
    alice.emit('say', 'hi');
    await expect(audience).toBeAllWhoReceive('said', 'hi');
  }
  alice.emit('say', 'hi');
  await expect(expect([bob]).toBeAllWhoReceive('said', 'hi')).rejects.toThrow(
    /^Expected client-2, and nobody else, to receive "said" \('hi'\)\.\n {2}but:\n {4}5 \(clients 0, 1, 2, 3, 4\) of crowd \(20 clients\) got it: "said" \('hi'\)/,
  );
  await expect(expect([bob, crowd]).toBeAllWhoReceive('said', 'hi')).rejects.toThrow(
    /^Expected client-2 and 20 of crowd \(20 clients\), and nobody else, to receive [^]*15 \(clients 5, 6, 7, 8, 9 and 10 more\) of crowd \(20 clients\) did not get it/,
  );
});

test('clients of a crowd that are refused are counted, with the reasons and some numbers', async () => {
  await using app = await startTestApp(ClubModule);
  const auth = (number: number) => ({
    number,
    refuse: number % 10 === 3 ? 'no token' : undefined,
  });
  await expect(app.connectMany(60, { auth })).rejects.toThrow(
    /^54 of crowd \(60 clients\) are connected to \/\. All were to be\.\n {2}refused:\n {4}6 with 'no token': clients 3, 13, 23, 33, 43 and 1 more$/,
  );
  await expect(app.connectMany(6, { auth: (number) => ({ leave: number === 4 }) })).rejects.toThrow(
    /^5 of crowd \(6 clients\) are connected to \/\. All were to be\.\n {2}disconnected:\n {4}1 with 'io server disconnect': client 4$/,
  );
  await expect(app.connectMany(2, { namespace: '/nowhere' })).rejects.toThrow(
    "2 with 'Invalid namespace': clients 0, 1",
  );
  expect(app.io.sockets.sockets.size).toBe(0);
});

test.for([0, -1, 1.5, Number.NaN, Infinity])('connectMany(%s) is refused', async (count) => {
  await using app = await startTestApp(ChatModule);
  await expect(app.connectMany(count)).rejects.toThrow(
    `connectMany() needs the number of clients, a whole number from 1; got ${count}.`,
  );
});

test('connectMany() needs a file for each client, and names what it cannot send', async () => {
  await using app = await startTestApp(ChatModule);
  const script = createRequire(import.meta.url).resolve('nest-realtime-kit/testing/crowd-worker');
  const told = await new Promise((resolve) => {
    const ask = `${askWorker(script, { ask: 1, question: 'openFileLimit' })}
      function onReply({ value }) { console.log(value); child.kill(); }`;
    execFile('/bin/sh', ['-c', `ulimit -n 200; "${process.execPath}" -e "$0"`, ask], (_error, stdout) =>
      resolve(stdout.trim()),
    );
  });
  expect(told).toBe('200');
  await expect(app.connectMany(1, { query: { sign: () => 'x' } })).rejects.toThrow(
    'A crowd is in another process, to which the value of query cannot be sent: ',
  );
  const crowd = await app.connectMany(1);
  expect(() => crowd.emit('say', () => 'x')).toThrow('an argument of "say" ([Function (anonymous)]) cannot be sent');
  expect(() => crowd.emit('say', { price: 1n })).toThrow('an argument of "say" ({ price: 1n }) cannot be sent');
  const circular = { self: {} };
  circular.self = circular;
  await expect(crowd.emitWithAck('say', circular)).rejects.toThrow('an argument of "say"');
  await expect(app.connectMany(2, { auth: (index) => ({ circular, index }) })).rejects.toThrow('the auth of client 0');
});

test('a crowd sends what single clients would send', async () => {
  class Money {
    constructor(private readonly cents: number) {}
    toJSON(): string {
      return `${this.cents / 100} EUR`;
    }
  }
  const payload = {
    price: new Money(150),
    at: new Date(0),
    bytes: Buffer.from([1, 255]),
    nothing: undefined,
    list: [undefined],
  };
  await using app = await startTestApp(ChatModule);
  const alice = await app.connect();
  const crowd = await app.connectMany(1, { auth: async () => ({ token: 'of a promise' }) });
  expect(await crowd.emitWithAck('echo', payload)).toEqual([await alice.emitWithAck('echo', payload)]);
  const socket = app.io.sockets.sockets.get(crowd.ids[0] as never);
  expect(socket!.handshake.auth).toEqual({ token: 'of a promise' });
});

test('a server with a parser of its own has no crowds', async () => {
  await using app = await startTestApp(ChatModule, { server: { parser } });
  await expect(app.connectMany(1)).rejects.toThrow('The server has a parser of its own');
});

test('closing the app disconnects its crowds and ends their processes', async () => {
  const app = await startTestApp(ChatModule);
  const crowds = [await app.connectMany(20), await app.connectMany(20)];
  const pids = crowds.map(pidOf);
  await app.close();
  expect(crowds.map(({ connected }) => connected)).toEqual([0, 0]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(app.logs.entries.filter(({ message }) => String(message).startsWith('Client disconnected: '))).toHaveLength(
    40,
  );
});

test('a crowd can leave in parts, and its process ends with the last client', async () => {
  await using app = await startTestApp(ChatModule);
  const crowd = await app.connectMany(30);
  const pid = pidOf(crowd);
  await crowd.slice(0, 10).disconnect();
  expect([app.io.sockets.sockets.size, crowd.connected, isAlive(pid)]).toEqual([20, 20, true]);
  expect(() => crowd.emit('say', 'hi')).toThrow(
    `crowd (30 clients) was to emit "say" ('hi'), but clients 0, 1, 2, 3, 4 and 5 more is gone: io client disconnect.`,
  );
  await expect(expect(crowd).not.toReceive('said')).rejects.toThrow(
    'that proves nothing, since clients 0, 1, 2, 3, 4 and 5 more are gone: io client disconnect',
  );
  await crowd.disconnect();
  expect(isAlive(pid)).toBe(false);
});

test('a crowd whose process is killed fails the calls and the closing of the app, once', async () => {
  const app = await startTestApp(ChatModule);
  const crowd = await app.connectMany(20);
  const waiting = expect(crowd.emitWithAck('ponder')).rejects.toThrow('it was ended by SIGKILL');
  process.kill(pidOf(crowd), 'SIGKILL');
  await waiting;
  await expect(expect(crowd).toReceive('said')).rejects.toThrow('the process of its clients has ended');
  await app.settle();
  expect(app.io.sockets.sockets.size).toBe(0);
  await expect(app.close()).rejects.toThrow(
    'The process of the clients of crowd (20 clients) failed: it was ended by SIGKILL.',
  );
});

test('the process of a crowd ends with the process that started it, and its clients with it', async () => {
  await using app = await startTestApp(ChatModule);
  const script = createRequire(import.meta.url).resolve('nest-realtime-kit/testing/crowd-worker');
  const open = { targets: [{ url: app.url, path: '/socket.io' }], options: {}, auths: [null] };
  const parent = `${askWorker(script, { ask: 1, question: 'open', argument: open })}
    function onReply() { console.log(child.pid); }`;
  const child = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = (await once(child.stdout, 'data')) as [Buffer];
  expect([isAlive(Number(pid)), app.io.sockets.sockets.size]).toEqual([true, 1]);
  child.kill('SIGKILL');
  await expect.poll(() => [isAlive(Number(pid)), app.io.sockets.sockets.size]).toEqual([false, 0]);
});

test('the timeline counts what happens to a crowd, and says what caused it', async () => {
  await using app = await startTestApp(ChatModule);
  const alice = await app.connect({ name: 'alice' });
  const crowd = await app.connectMany(100);
  await crowd.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await expect(crowd).toReceive('said', 'hi');
  expect(app.timeline.entries.length).toBeLessThan(60);
  const text = app.timeline.print();
  for (const line of [
    'crowd (100 clients) connected to / by websocket ×100',
    `crowd (100 clients) → "join" ('lobby') ×100`,
    `crowd (100 clients) joined room 'lobby' ×100  ← crowd (100 clients)'s "join"`,
    `crowd (100 clients) ← ack of "join" ('lobby') ×100`,
    `crowd (100 clients) ← "said" ('hi') ×100  ← alice's "say"`,
  ])
    expect(text).toContain(line);
  expect(app.timeline.toMermaid()).toContain(`→ "said" ('hi') ×100`.slice(2));
});

test("an error ack of a crowd's event is an answer to read, or fails the app", async () => {
  const app = await startTestApp(ClubModule, { refusals: 'fail' });
  const crowd = await app.connectMany(5, numbered);
  const answers = await crowd.emitWithAck('refuse');
  expect(answers[2]).toMatchObject({ status: 'error' });
  expect(answers.filter((answer) => answer === 'fine')).toHaveLength(4);
  await app.close();

  const another = await startTestApp(ClubModule, { refusals: 'fail' });
  const other = await another.connectMany(5, numbered);
  const read = await other.emitWithAck('refuse');
  expect(read[2]).toMatchObject({ status: 'error' });
  // Nobody reads what becomes of the same event the second time.
  await other.emitWithAck('refuse');
  await expect(another.close()).rejects.toThrow(
    'The server refused events that the test did not expect to be refused.',
  );
});

test('what takes longer than a second shows its progress on stderr', async () => {
  await using app = await startTestApp(ChatModule, {
    server: { allowRequest: (_request, decide) => setTimeout(() => decide(null, true), 1_100) },
  });
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await app.connectMany(3);
    const told = write.mock.calls.map(([text]) => String(text)).find((text) => text.startsWith('connectMany'));
    expect(told).toMatch(/^connectMany: \d of crowd \(3 clients\) are connected after 1\.\d s\n$/);
  } finally {
    write.mockRestore();
  }
});
