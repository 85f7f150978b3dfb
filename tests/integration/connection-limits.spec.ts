import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { WebSocket } from 'ws';
import { requestWebSocket } from './support/raw-socket.js';

@WebSocketGateway()
class EchoGateway {
  handled = 0;

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    this.handled += 1;
    return data;
  }
}

async function withApp(options: WebsocketOptions, scenario: (app: TestApp) => Promise<void>): Promise<void> {
  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [EchoGateway] })
  class AppModule {}

  await using app = await startTestApp(AppModule);
  await scenario(app);
}

const fromProxy = (address: string) => ({ extraHeaders: { 'x-forwarded-for': address } });

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const client = { transports: [transport] };

  test('a connection above connectionsPerAddress is refused until another one closes', () =>
    withApp({ limits: { connectionsPerAddress: 2 } }, async (app) => {
      const [alice] = [await app.connect(client), await app.connect(client)];
      await expect(app.connect(client)).toBeRefused('This address is at its limit of connections');
      await expect(app).toHaveLogged(/^Refused a connection from 127.0.0.1: This address is/, {
        level: 'warn',
      });
      await alice.disconnect();
      // Of polling, the end of the client's last request comes after its goodbye.
      await expect.poll(() => app.io.engine.clientsCount).toBe(1);
      await expect(await app.connect(client)).toBeConnected();
    }));

  test('a connection above the limit of all connections is refused', () =>
    withApp({ limits: { connections: 1 }, trustProxy: 1 }, async (app) => {
      await app.connect({ ...client, ...fromProxy('192.0.2.1') });
      await expect(app.connect({ ...client, ...fromProxy('192.0.2.2') })).toBeRefused(
        'The server is at its limit of connections',
      );
    }));

  test('a connection above the connect rate of its address is refused', () =>
    withApp({ limits: { connectRate: { burst: 2, perSecond: 1 } } }, async (app) => {
      for (let opened = 0; opened < 2; opened += 1) await (await app.connect(client)).disconnect();
      await expect(app.connect(client)).toBeRefused(/too|fast/i);
    }));
});

test('the limit of one address follows X-Forwarded-For only from a trusted proxy', async () => {
  await withApp({ limits: { connectionsPerAddress: 1 }, trustProxy: false }, async (app) => {
    await app.connect(fromProxy('192.0.2.1'));
    await expect(app.connect(fromProxy('192.0.2.2'))).toBeRefused(/^This address/);
  });
  await withApp({ limits: { connectionsPerAddress: 1 }, trustProxy: 'loopback' }, async (app) => {
    await app.connect(fromProxy('192.0.2.1'));
    await expect(await app.connect(fromProxy('192.0.2.2'))).toBeConnected();
    await expect(app.connect(fromProxy('192.0.2.2'))).toBeRefused(/^This address/);
    // An IPv6 network is one household.
    await app.connect(fromProxy('2001:db8::1'));
    await expect(app.connect(fromProxy('2001:db8::2'))).toBeRefused(/^This address/);
    await expect(await app.connect(fromProxy('2001:db8:0:1::1'))).toBeConnected();
  });
});

test('a polling session upgrades to one WebSocket and refuses a second one', () =>
  withApp({}, async (app) => {
    const opened = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    const path = `/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
    using first = await requestWebSocket(app.port, path);
    await first.until('101 Switching Protocols');
    using second = await requestWebSocket(app.port, path);
    await second.until('101 Switching Protocols');
    // It does not say goodbye.
    await second.closed;
    expect(first.socket.destroyed).toBe(false);
  }));

test('a session that began over a WebSocket refuses a second WebSocket', () =>
  withApp({}, async (app) => {
    const alice = await app.connect();
    const { id } = alice.socket.io.engine as unknown as { id: string };
    const further = new WebSocket(`ws://127.0.0.1:${app.port}/socket.io/?EIO=4&transport=websocket&sid=${id}`);
    const heard: string[] = [];
    further.on('message', (data: Buffer) => heard.push(data.toString()));
    further.on('open', () => further.send('2probe'));
    await once(further, 'close');
    expect(heard).toEqual([]);
    await expect(alice.emitWithAck('echo', 1)).toBeAcked(1);
  }));

test('the limit of one address ignores a port in X-Forwarded-For', () =>
  withApp({ limits: { connectionsPerAddress: 1 }, trustProxy: 'loopback' }, async (app) => {
    for (const address of ['192.0.2.1:49152', '192.0.2.2:49152', '[2001:db8::1]:49152', '[2001:db8:1::1]']) {
      await expect(await app.connect(fromProxy(address))).toBeConnected();
    }
    await expect(app.connect(fromProxy('192.0.2.1:49153'))).toBeRefused(/^This address/);
    await expect(app.connect(fromProxy('[2001:db8::2]:49152'))).toBeRefused(/^This address/);
  }));

test('a request with an empty session id counts as a new connection', () =>
  withApp({ limits: { connectRate: { burst: 1, perSecond: 1 } } }, async (app) => {
    await app.connect();
    using raw = await requestWebSocket(app.port, '/socket.io/?EIO=4&transport=websocket&sid=');
    await raw.closed;
    expect(raw.text).toMatch(/^HTTP\/1\.1 429 /);
    const polling = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling&sid=`);
    expect(polling.status).toBe(429);
  }));

test('limits: false handles 3,000 messages of one client', () =>
  withApp({ limits: false }, async (app) => {
    const alice = await app.connect();
    await Promise.all(Array.from({ length: 3_000 }, (_, sent) => alice.emitWithAck('echo', sent)));
    expect(app.get(EchoGateway).handled).toBe(3_000);
  }));
