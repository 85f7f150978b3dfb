import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type ShutdownOptions } from 'nest-realtime-kit';
import { openLink, startTestApp, type AppModule, type TestApp, type TestAppOptions } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { openMuteClient, openTcp, request, requestWebSocket } from './support/raw-socket.js';
import { test as redisTest } from './support/redis.js';
import { startWorkServer } from './support/shutdown/crowd.js';

const OWN_PORT = 7;

@WebSocketGateway()
class MainGateway {}

@WebSocketGateway(OWN_PORT)
class OwnPortGateway {}

@Controller()
class SlowController {
  @Get('slow')
  async slow(): Promise<string> {
    await delay(300);
    return 'done';
  }

  @Get('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }
}

function moduleWith(shutdown: ShutdownOptions = {}): AppModule {
  @Module({
    imports: [WebsocketModule.forRoot({ shutdown })],
    controllers: [SlowController],
    providers: [MainGateway, OwnPortGateway],
  })
  class ClosingModule {}
  return ClosingModule;
}

async function timeToClose(app: TestApp): Promise<number> {
  const began = performance.now();
  await app.nest.close();
  return performance.now() - began;
}

function portOf(app: TestApp, gatewayPort: number): number {
  const address = app.serverOf(gatewayPort).httpServer.address();
  return (address as { port: number }).port;
}

function warnings(app: TestApp): string[] {
  return app.logs.entries
    .filter(({ level }) => ['warn', 'error', 'fatal'].includes(level))
    .map(({ message }) => String(message));
}

const platforms: Record<string, TestAppOptions> = {
  Express: {},
  Fastify: { httpAdapter: () => new FastifyAdapter() },
  'Express, with forceCloseConnections': { application: { forceCloseConnections: true } },
  'Fastify, with forceCloseConnections': {
    httpAdapter: () => new FastifyAdapter({ forceCloseConnections: true }),
    application: { forceCloseConnections: true },
  },
};

describe.each(Object.entries(platforms))('app.close() on %s', (_, options) => {
  test('takes less than 100 ms and logs no warning when nothing is in flight', async () => {
    // Others may have the processor the whole time; not three times in a row.
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      await using app = await startTestApp(moduleWith(), options);
      const clients = [
        await app.connect(),
        await app.connect({ transports: ['polling'] }),
        await app.connect({ transports: ['polling', 'websocket'] }),
        await app.connect({ gatewayPort: OWN_PORT }),
      ];
      const served = [app.io, app.serverOf(OWN_PORT)];
      using idle = await openTcp(app.port);
      using idleOnOwnPort = await openTcp(portOf(app, OWN_PORT));
      using half = await openTcp(app.port);
      half.socket.write('GET / HTTP/1.1\r\nHost: half');
      using kept = await request(app.port, '/nowhere');
      await kept.until('404');
      times.push(await timeToClose(app));
      await Promise.all([idle.closed, idleOnOwnPort.closed, half.closed, kept.closed]);
      await expect.poll(() => clients.some(({ connected }) => connected)).toBe(false);
      for (const { engine, httpServer } of served) {
        expect(engine.clientsCount).toBe(0);
        expect(httpServer.listening).toBe(false);
      }
      expect(warnings(app)).toEqual([]);
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });

  test('does not wait for a silent WebSocket', async () => {
    await using app = await startTestApp(moduleWith(), options);
    using silent = await openMuteClient(app.port);
    using silentOnOwnPort = await openMuteClient(portOf(app, OWN_PORT));
    expect(await timeToClose(app)).toBeLessThan(3_000);
    await Promise.all([silent.closed, silentOnOwnPort.closed]);
    expect(warnings(app)).toEqual([
      expect.stringMatching(/^Cut off client [\w-]{20} \(websocket\): it does not answer\.$/),
      expect.stringMatching(/^Cut off client [\w-]{20} \(websocket\): it does not answer\.$/),
    ]);
  });

  test('can be called twice at once, and once more afterwards', async () => {
    await using app = await startTestApp(moduleWith(), options);
    await app.connect();
    await Promise.all([app.nest.close(), app.nest.close()]);
    expect(await timeToClose(app)).toBeLessThan(500);
    expect(warnings(app)).toEqual([]);
  });
});

describe.each([
  ['Express', {}],
  ['Fastify', { httpAdapter: () => new FastifyAdapter() }],
] satisfies [string, TestAppOptions][])('an open HTTP request on %s', (_, options) => {
  test('completes while the app closes', async () => {
    await using app = await startTestApp(moduleWith(), options);
    using slow = await request(app.port, '/slow');
    await expect.poll(() => app.activity.pending()).toHaveLength(1);
    expect(await timeToClose(app)).toBeLessThan(1_000);
    await slow.closed;
    expect(slow.text).toMatch(/^HTTP\/1\.1 200 .*done$/s);
    expect(warnings(app)).toEqual([]);
  });

  test('is cut off at the deadline, and logged without its query', async () => {
    await using app = await startTestApp(moduleWith({ timeout: 2_000 }), options);
    using hanging = await request(app.port, '/hang?token=secret');
    await expect.poll(() => app.activity.pending()).toHaveLength(1);
    const took = await timeToClose(app);
    expect(took).toBeGreaterThan(1_800);
    expect(took).toBeLessThan(2_500);
    await hanging.closed;
    expect(warnings(app)).toEqual(['Cut off GET /hang of 127.0.0.1: it has not ended.']);
  });
});

test('with forceCloseConnections app.close() does not wait for an open HTTP request', async () => {
  await using app = await startTestApp(moduleWith(), { application: { forceCloseConnections: true } });
  using hanging = await request(app.port, '/hang');
  await expect.poll(() => app.activity.pending()).toHaveLength(1);
  expect(await timeToClose(app)).toBeLessThan(1_000);
  await hanging.closed;
  expect(warnings(app)).toEqual([]);
});

test('over TLS app.close() ends an idle connection at once, and lets an open request complete', async () => {
  // Without a certificate: what is asked for is not who the server is.
  const anonymous = {
    ciphers: 'aNULL@SECLEVEL=0',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  } as const;
  await using app = await startTestApp(moduleWith(), { application: { httpsOptions: anonymous } });
  using idle = await openTcp(app.port);
  const slow = new Promise<string>((resolve) => {
    get(`${app.url}/slow`, { ...anonymous, agent: false }, (response) => {
      resolve(response.toArray().then(String));
    });
  });
  await expect.poll(() => app.activity.pending()).toHaveLength(1);
  const closing = timeToClose(app);
  await idle.closed;
  expect(app.activity.pending()).toHaveLength(1);
  expect(await closing).toBeLessThan(1_000);
  expect(await slow).toBe('done');
});

describe('app.close() does not wait for', () => {
  test('a WebSocket handshake that is not decided yet', async () => {
    let asked = false;
    const allowRequest = (): void => {
      asked = true;
    };
    await using app = await startTestApp(moduleWith(), { server: { allowRequest } });
    using undecided = await requestWebSocket(app.port, '/socket.io/?EIO=4&transport=websocket');
    await expect.poll(() => asked).toBe(true);
    expect(await timeToClose(app)).toBeLessThan(1_000);
    await undecided.closed;
  });

  test('a WebSocket whose client does not close after the app disconnects it', async () => {
    await using app = await startTestApp(moduleWith());
    using client = await openMuteClient(app.port);
    app.io.disconnectSockets(true);
    expect(await timeToClose(app)).toBeLessThan(1_000);
    await client.closed;
  });

  test('a WebSocket of an upgrade that the client does not complete', async () => {
    await using app = await startTestApp(moduleWith());
    const opened = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    using probing = await requestWebSocket(app.port, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    await probing.until('101 Switching Protocols');
    expect(await timeToClose(app)).toBeLessThan(1_000);
    await probing.closed;
  });

  test('a polling client that has joined no namespace and does not poll', async () => {
    await using app = await startTestApp(moduleWith());
    await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    expect(app.io.engine.clientsCount).toBe(1);
    expect(await timeToClose(app)).toBeLessThan(1_000);
    expect(app.io.engine.clientsCount).toBe(0);
    expect(warnings(app)).toEqual([]);
  });

  test('a polling client that does not poll', async () => {
    await using app = await startTestApp(moduleWith());
    const url = `${app.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
    await fetch(`${url}&sid=${sid}`, { method: 'POST', body: '40' });
    await expect.poll(() => app.io.sockets.sockets.size).toBe(1);
    expect(await timeToClose(app)).toBeLessThan(3_000);
    expect(warnings(app)).toEqual([
      expect.stringMatching(/^Cut off client [\w-]{20} \(polling\): it does not answer\.$/),
    ]);
  });
});

test('a WebSocket of another server on the same port is cut off at the deadline, and logged', async () => {
  await using app = await startTestApp(moduleWith({ timeout: 500 }), { server: { destroyUpgrade: false } });
  app.io.httpServer.on('upgrade', ({ url }, socket) => {
    if (url === '/other?token=secret') socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  using other = await requestWebSocket(app.port, '/other?token=secret');
  await other.until('101');
  expect(await timeToClose(app)).toBeLessThan(1_000);
  await other.closed;
  expect(warnings(app)).toEqual(['Cut off GET /other of 127.0.0.1: it has not ended.']);
});

test('an app that never started or never listened closes', async () => {
  const { Test } = await import('@nestjs/testing');
  for (const start of [false, true]) {
    const compiled = await Test.createTestingModule({ imports: [moduleWith()] }).compile();
    const nest = compiled.createNestApplication({ logger: false });
    if (start) await nest.init();
    await nest.close();
  }
});

test("at the deadline the servers close, and the process can end, although another provider's hook hangs", async () => {
  await using server = await startWorkServer({ timeout: 600 }, { HOOK_HANGS: '1' });
  server.child.kill('SIGTERM');
  await server.exited;
  expect(server.output.stdout).toContain(
    'A shutdown hook of another provider has not ended in time (shutdown.timeout is 600): the servers are closed before it.',
  );
  expect(server.output.stdout).not.toContain('closed after');
});

test('a process that is forced to exit at the deadline logs the reason and exits with code 1', async () => {
  await using server = await startWorkServer({ timeout: 600 }, { HOOK_HANGS: '1', BY_FORCE: '1' });
  const began = performance.now();
  server.child.kill('SIGTERM');
  expect(await server.exited).toBe(1);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(server.output.stderr).toContain('Closing has not come to its end within 600 ms: a shutdown hook hangs');
});

test('app.close() leaves no timer, no handle and no listener on the process', async () => {
  const script = fileURLToPath(new URL('support/shutdown/close.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
  expect(stdout).toBe('express: nothing left\nfastify: nothing left\n');
}, 25_000);

redisTest('app.close() does not wait for a Redis that does not answer', async ({ redisUrl }) => {
  await using link = await openLink(redisUrl);
  @Module({
    imports: [
      WebsocketModule.forRoot({
        redis: { url: link.url },
        shutdown: { timeout: 500 },
      }),
    ],
  })
  class JoinedModule {}
  await using app = await startTestApp(JoinedModule);
  await app.connect();
  await link.blackhole();
  expect(await timeToClose(app)).toBeLessThan(1_000);
});

test('a client that connects while the servers close is refused at once', async () => {
  await using app = await startTestApp(moduleWith({ timeout: 1_500 }));
  using slow = await request(app.port, '/slow');
  await expect.poll(() => app.activity.pending()).toHaveLength(1);
  const closing = app.nest.close();
  await expect.poll(() => app.io.httpServer.listening).toBe(false);
  const late = connect(app.port, '127.0.0.1');
  await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
  await closing;
  await slow.closed;
  expect(slow.text).toContain('done');
});
