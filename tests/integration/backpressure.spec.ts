import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FlowMetrics, WebsocketModule, type Socket, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type TestApp, type TestClient } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { Endpoint } from './support/protocol/endpoint.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { openMuteClient, textFrame } from './support/raw-socket.js';

@WebSocketGateway()
class EchoGateway {
  readonly handled: unknown[] = [];
  /** Of one turn of the event loop. */
  inTurn = 0;
  mostInTurn = 0;
  answeredByClient: unknown;

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    this.handled.push(data);
    if (this.inTurn === 0) setImmediate(() => (this.inTurn = 0));
    this.inTurn += 1;
    this.mostInTurn = Math.max(this.mostInTurn, this.inTurn);
    return data;
  }

  @SubscribeMessage('ask me')
  async askMe(@ConnectedSocket() client: Socket, @Ack() ack: (answer: unknown) => void): Promise<void> {
    ack(await client.emitWithAck('question'));
  }
}

async function withApp(options: WebsocketOptions, scenario: (app: TestApp) => Promise<void>): Promise<void> {
  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [EchoGateway] })
  class AppModule {}

  await using app = await startTestApp(AppModule);
  await scenario(app);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, sent) => sent);

function echoAll(client: TestClient, count: number): Promise<unknown[]> {
  return Promise.all(numbers(count).map((sent) => client.socket.emitWithAck('echo', sent)));
}

/** 64 of what has just come, and twice 64 of what was held: what is counted here begins within a turn. */
const MOST_IN_TURN = 3 * 64;

const slowRate = { burst: 20, perSecond: 200 };

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test('messages above the message rate are handled later, all of them and in order', () =>
    withApp({ limits: { messageRate: slowRate } }, async (app) => {
      const alice = await app.connect(client);
      const began = performance.now();
      expect(await echoAll(alice, 120)).toEqual(numbers(120));
      expect(app.get(EchoGateway).handled).toEqual(numbers(120));
      // A hundred beyond the burst, at 200 a second.
      expect(performance.now() - began).toBeGreaterThan(400);
      await expect(alice).toBeConnected();
      await expect(app).toHaveLogged(/^A client at 127.0.0.1 sends faster than limits.messageRate/, {
        level: 'warn',
      });
      expect(app.get(FlowMetrics).overRateTotal).toBeGreaterThan(0);
      expect(app.get(FlowMetrics).overRate).toBe(0);
    }));

  test('messages above the byte rate are handled later, whatever the size of one message', () =>
    withApp({ limits: { byteRate: { burst: 10_000, perSecond: 1_000_000 } } }, async (app) => {
      const alice = await app.connect(client);
      const text = 'x'.repeat(100_000);
      const began = performance.now();
      const answers = await Promise.all(numbers(5).map((sent) => alice.socket.emitWithAck('echo', `${sent}${text}`)));
      expect(answers).toEqual(numbers(5).map((sent) => `${sent}${text}`));
      // Four are paid back before the last is read.
      expect(performance.now() - began).toBeGreaterThan(350);
    }));

  test('neither end times out a connection that is paused for longer than its ping timeout', () =>
    withApp(
      { pingInterval: 100, pingTimeout: 600, limits: { messageRate: { burst: 10, perSecond: 50 } } },
      async (app) => {
        const alice = await app.connect(client);
        expect(await echoAll(alice, 110)).toEqual(numbers(110));
        await expect(alice).toBeConnected();
      },
    ));

  test('a client above the message rate does not delay other clients', () =>
    withApp({ limits: { messageRate: slowRate } }, async (app) => {
      const [alice, eve] = [await app.connect(client), await app.connect(client)];
      const flood = echoAll(eve, 100);
      await expect(alice.emitWithAck('echo', 'at once')).toBeAcked('at once');
      expect(app.get(EchoGateway).handled.length).toBeLessThan(80);
      await flood;
    }));

  test('a client that exceeds the rate for longer than maxTimeOverRate is disconnected, and the log says why', () =>
    withApp({ limits: { messageRate: { burst: 10, perSecond: 50 }, maxTimeOverRate: 300 } }, async (app) => {
      const eve = await app.connect({ ...client, name: 'eve' });
      for (const sent of numbers(500)) eve.emit('echo', sent);
      await expect(eve).toBeDisconnected();
      await expect(app).toHaveLogged(
        /^Disconnected a client at 127.0.0.1: It has sent faster .+ 300 ms \(limits.maxTimeOverRate\)$/,
        { level: 'warn' },
      );
    }));

  test('a paused client that leaves is removed after all its messages are handled', () =>
    withApp({ limits: { messageRate: slowRate } }, async (app) => {
      const alice = await app.connect(client);
      for (const sent of numbers(60)) alice.emit('echo', sent);
      // Behind all that on the wire.
      void alice.disconnect();
      const gateway = app.get(EchoGateway);
      await expect.poll(() => gateway.handled).toEqual(numbers(60));
      await expect.poll(() => app.io.engine.clientsCount).toBe(0);
    }));

  test('a client whose connection closes in the turn of its last messages is removed after they are handled', () =>
    withApp({ limits: { messageRate: { burst: 20, perSecond: 5_000 } } }, async (app) => {
      const alice = await app.connect(client);
      alice.socket.io.reconnection(false);
      for (const sent of numbers(1_000)) alice.emit('echo', sent);
      alice.socket.io.engine.close();
      const gateway = app.get(EchoGateway);
      await expect.poll(() => gateway.handled.length).toBe(1_000);
      await expect.poll(() => app.io.engine.clientsCount).toBe(0);
    }));

  test('the server disconnects a paused client at once', () =>
    withApp({ limits: { messageRate: { burst: 10, perSecond: 10 } } }, async (app) => {
      const eve = await app.connect(client);
      for (const sent of numbers(200)) eve.emit('echo', sent);
      await expect.poll(() => app.get(FlowMetrics).overRate).toBe(1);
      const gone = once(eve.socket as never, 'disconnect');
      const began = performance.now();
      app.io.disconnectSockets(true);
      await gone;
      expect(performance.now() - began).toBeLessThan(2_000);
      await expect.poll(() => app.get(FlowMetrics).overRate).toBe(0);
    }));

  test('the server receives an ack that a client sends behind a flood of messages', () =>
    withApp({ limits: { messageRate: slowRate } }, async (app) => {
      const alice = await app.connect(client);
      alice.socket.on('question', (answer: (text: string) => void) => answer('here'));
      const asked = alice.emitWithAck('ask me');
      const flood = echoAll(alice, 100);
      await expect(asked).toBeAcked('here');
      await flood;
    }));

  test('joining a namespace counts as several messages', () =>
    withApp({ limits: { messageRate: { burst: 200, perSecond: 200 } } }, async (app) => {
      const eve = await app.connect(client);
      for (const joined of numbers(50)) eve.socket.io.engine.write(`0/unknown-${joined},`);
      await expect.poll(() => app.get(FlowMetrics).overRate).toBe(1);
      expect(eve.socket.connected).toBe(true);
      app.io.disconnectSockets(true);
    }));
});

test('messages that one client sends at once are handled in order, over several turns of the event loop', () =>
  withApp({ limits: false }, async (app) => {
    const eve = await app.connect();
    expect(await echoAll(eve, 2_000)).toEqual(numbers(2_000));
    const { mostInTurn } = app.get(EchoGateway);
    expect(mostInTurn).toBeGreaterThan(1);
    expect(mostInTurn).toBeLessThanOrEqual(MOST_IN_TURN);
  }));

test('a polling request with 20,000 packets is handled in order, over several turns of the event loop', () =>
  withApp({}, async (app) => {
    const session = await PollingSession.open(new Endpoint(app));
    await session.post('40');
    await session.poll();
    const packets = numbers(20_000).map((sent) => `42["echo",${sent}]`);
    expect(await session.post(packets.join('\x1e'))).toMatchObject({ status: 200 });
    const gateway = app.get(EchoGateway);
    expect(gateway.handled.length).toBeLessThan(1_000);
    await expect.poll(() => gateway.handled.length, { timeout: 20_000 }).toBe(20_000);
    expect(gateway.handled).toEqual(numbers(20_000));
    expect(gateway.mostInTurn).toBeLessThanOrEqual(MOST_IN_TURN);
    await session.post('1');
  }));

test('a further request of a polling client waits until its earlier messages are handled', () =>
  withApp({ limits: { messageRate: { burst: 10, perSecond: 100 } } }, async (app) => {
    const session = await PollingSession.open(new Endpoint(app));
    await session.post('40');
    await session.poll();
    const packets = numbers(100).map((sent) => `42["echo",${sent}]`);
    await session.post(packets.join('\x1e'));
    expect(await session.post('42["echo",100]')).toMatchObject({ status: 200 });
    const gateway = app.get(EchoGateway);
    expect(gateway.handled.length).toBeGreaterThan(95);
    await expect.poll(() => gateway.handled.length).toBe(101);
    expect(gateway.handled).toEqual(numbers(101));
    await session.post('1');
  }));

test('messages held from polling are handled before messages over the upgraded WebSocket', () =>
  withApp({ limits: { messageRate: { burst: 10, perSecond: 100 } } }, async (app) => {
    const alice = await app.connect({ transports: ['polling', 'websocket'] });
    const gateway = app.get(EchoGateway);
    const { engine } = alice.socket.io;
    for (const sent of numbers(60)) alice.emit('echo', sent);
    if (engine.transport.name === 'polling') await once(engine as never, 'upgrade');
    for (const sent of numbers(20)) alice.emit('echo', 60 + sent);
    await expect.poll(() => gateway.handled.length, { timeout: 10_000 }).toBe(80);
    expect(gateway.handled).toEqual(numbers(80));
  }));

test.each([
  ['the connection', '1'],
  ['the namespace', '41'],
])('events just before a polling client leaves %s are handled, including held ones', (_, leaving) =>
  withApp({}, async (app) => {
    const session = await PollingSession.open(new Endpoint(app));
    await session.post('40');
    await session.poll();
    const packets = numbers(200).map((sent) => `42["echo",${sent}]`);
    await session.post([...packets, leaving].join('\x1e'));
    await expect.poll(() => app.io.sockets.sockets.size).toBe(0);
    expect(app.get(EchoGateway).handled).toHaveLength(200);
  }),
);

test('pings of the WebSocket protocol count as messages, and each is answered', () =>
  withApp({ limits: { messageRate: { burst: 100, perSecond: 1_000 } } }, async (app) => {
    using eve = await openMuteClient(app.port);
    const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
    const before = eve.text.length;
    eve.socket.write(Buffer.concat(Array<Buffer>(500).fill(ping)));
    await expect.poll(() => app.get(FlowMetrics).overRate).toBe(1);
    // An empty pong has two bytes.
    await expect.poll(() => eve.text.length - before).toBe(1_000);
    await expect.poll(() => app.get(FlowMetrics).overRate).toBe(0);
  }));

test('a paused client whose TCP connection breaks is removed', () =>
  withApp({ limits: { messageRate: { burst: 10, perSecond: 200 } } }, async (app) => {
    using eve = await openMuteClient(app.port);
    eve.socket.write(Buffer.concat(numbers(100).map((sent) => textFrame(`42["echo",${sent}]`))));
    await expect.poll(() => app.get(FlowMetrics).overRate).toBe(1);
    eve.socket.destroy();
    await expect.poll(() => app.io.engine.clientsCount).toBe(0);
  }));

test('a WebSocket server whose sockets cannot be paused fails the boot', async () => {
  class Unpausable {
    readonly options = { WebSocket: class {} };
    on(): void {}
    close(): void {}
  }

  @Module({ imports: [WebsocketModule.forRoot({ wsEngine: Unpausable })], providers: [EchoGateway] })
  class AppModule {}

  await expect(startTestApp(AppModule)).rejects.toThrow(
    'WebsocketModule: option "wsEngine" is class Unpausable; expected a WebSocket server whose WebSockets have pause()',
  );
});

test('no bytes stay buffered after a paused connection is read again', () =>
  withApp({ limits: { messageRate: slowRate } }, async (app) => {
    const eve = await app.connect();
    await echoAll(eve, 60);
    await expect(eve.emitWithAck('echo', 'after')).toBeAcked('after');
    await expect.poll(() => app.get(FlowMetrics).overRate).toBe(0);
    expect(app.get(FlowMetrics).bufferedBytes()).toBe(0);
  }));

test('log lines that were held back are counted before the app is closed, not after', async () => {
  await withApp({ limits: { messageRate: { burst: 1, perSecond: 1_000 } } }, async (app) => {
    const alice = await app.connect();
    for (let round = 0; round < 3; round += 1) await echoAll(alice, 3);
    const times = app.get(FlowMetrics).overRateTotal;
    await app.close();
    const lines = app.logs.entries.filter(({ context }) => context === 'Flow').map(({ message }) => String(message));
    expect(lines[0]).toMatch(/^A client at 127.0.0.1 sends faster/);
    expect(lines.slice(1)).toEqual([`${lines[0]} (and ${times - 1} more like this within a second)`]);
  });
});
