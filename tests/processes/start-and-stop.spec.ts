import { createServer, type AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { openMuteClient } from '../integration/support/raw-socket.js';
import { startServer } from '../support/server-process.js';

async function connect(url: string, transport: 'websocket' | 'polling'): Promise<Socket> {
  const socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  return socket;
}

test('the reference server logs each connect and disconnect over both transports, and answers', async () => {
  await using server = await startServer();
  for (const transport of ['websocket', 'polling'] as const) {
    const socket = await connect(server.url, transport);
    const id = socket.id!;
    expect(await socket.emitWithAck('echo', { text: 'hi' })).toEqual({ text: 'hi' });
    await expect.poll(() => server.output.stdout).toContain(`[EventsGateway] Client connected: ${id}`);
    socket.disconnect();
    await expect.poll(() => server.output.stdout).toContain(`[EventsGateway] Client disconnected: ${id}`);
  }
});

describe.each(['SIGTERM', 'SIGINT'] as const)('the reference server on %s', (signal) => {
  test('disconnects its clients and exits with code 0', async () => {
    await using server = await startServer();
    const clients = [await connect(server.url, 'websocket'), await connect(server.url, 'polling')];
    const ids = clients.map(({ id }) => id);
    server.child.kill(signal);
    expect(await server.exited).toBe(0);
    for (const id of ids) expect(server.output.stdout).toContain(`Client disconnected: ${id}`);
    expect(server.output.stderr).toBe('');
    for (const client of clients) client.disconnect();
  });
});

test('/health/ready answers 503 while the server drains, and /health/live still answers 200', async () => {
  await using server = await startServer();
  const check = async (path: string): Promise<[number, unknown]> => {
    const response = await fetch(`${server.url}/health/${path}`);
    return [response.status, await response.json()];
  };
  expect(await check('live')).toEqual([200, { status: 'ok' }]);
  expect(await check('ready')).toEqual([200, { status: 'ok' }]);
  using mute = await openMuteClient(Number(new URL(server.url).port));
  server.child.kill('SIGTERM');
  await mute.until('server:shutdown');
  expect(await check('ready')).toEqual([503, { status: 'shutting down' }]);
  expect(await check('live')).toEqual([200, { status: 'ok' }]);
  expect(await server.exited).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s ends the process at once', async (signal, code) => {
  await using server = await startServer();
  using mute = await openMuteClient(Number(new URL(server.url).port));
  server.child.kill('SIGTERM');
  await mute.until('server:shutdown');
  server.child.kill(signal);
  expect(await server.exited).toBe(code);
  expect(server.output.stdout).toContain(`${signal} while closing: ends at once`);
});

test('SHUTDOWN_EVENT sets the name of the shutdown event', async () => {
  await using server = await startServer({ env: { SHUTDOWN_EVENT: 'bye' } });
  using mute = await openMuteClient(Number(new URL(server.url).port));
  server.child.kill('SIGTERM');
  await mute.until('42["bye",{"code":"SHUTTING_DOWN"');
  expect(await server.exited).toBe(0);
});

test('an invalid SHUTDOWN_EVENT stops the start with one clear line', async () => {
  await using server = await startServer({ env: { SHUTDOWN_EVENT: 'disconnect' } });
  expect(await server.exited).toBe(1);
  expect(server.output.stderr).toBe(
    'WebsocketModule: option "shutdown.event" is "disconnect"; expected the name of an event that Socket.IO does not reserve, or false.\n',
  );
});

test('LOG_FORMAT=json prints one JSON object per line', async () => {
  await using server = await startServer({ env: { LOG_FORMAT: 'json' } });
  const socket = await connect(server.url, 'websocket');
  const id = socket.id!;
  socket.disconnect();
  await expect.poll(() => server.output.stdout).toContain(`Client disconnected: ${id}`);
  const lines = server.output.stdout.trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toContainEqual(
    expect.objectContaining({
      level: 'log',
      context: 'EventsGateway',
      message: `Client connected: ${id}`,
      params: { namespace: '/', transport: 'websocket', address: '127.0.0.1' },
    }),
  );
});

test('WEBSOCKET_CORS_ORIGIN sets the allowed origins', async () => {
  await using server = await startServer({
    env: { NODE_ENV: 'production', WEBSOCKET_CORS_ORIGIN: 'https://app.example.com' },
  });
  const allowed = async (origin: string): Promise<string | null> => {
    const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    return response.headers.get('access-control-allow-origin');
  };
  expect(await allowed('https://app.example.com')).toBe('https://app.example.com');
  expect(await allowed('https://evil.example.com')).toBeNull();
});

describe.concurrent('the server refuses to start, with one clear line and exit code 1', () => {
  test.each([
    [{ PORT: 'abc' }, 'PORT is "abc"; expected a number from 0 to 65535\n'],
    [{ NODE_ENV: 'production' }, 'WEBSOCKET_CORS_ORIGIN is not set; expected origins such as'],
    [{ REDIS_URL: 'localhost' }, 'REDIS_URL is "localhost"; expected a URL such as "redis://localhost:6379"\n'],
    [{ REDIS_URL: 'redis://user:secret@127.0.0.1:1' }, 'Redis at redis://***@127.0.0.1:1 could not be reached'],
    [{ LOG_FORMAT: 'xml' }, 'LOG_FORMAT is "xml"; expected "text" or "json"\n'],
    [{ HOST: '192.0.2.1' }, 'HOST or PORT cannot be used: listen EADDRNOTAVAIL'],
  ])('for %j', { timeout: 30_000 }, async (env, line) => {
    await using server = await startServer({ env });
    expect(await server.exited).toBe(1);
    expect(server.output.stderr).toContain(line);
    expect(server.output.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('for a port in use', async () => {
    const occupant = createServer();
    await new Promise<void>((resolve) => {
      occupant.listen(0, '127.0.0.1', resolve);
    });
    const port = String((occupant.address() as AddressInfo).port);
    await using server = await startServer({ env: { PORT: port } });
    expect(await server.exited).toBe(1);
    expect(server.output.stderr).toBe(`PORT ${port} is in use by another process; set PORT to a free one\n`);
    occupant.close();
  });
});
