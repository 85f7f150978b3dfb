import { once } from 'node:events';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { WebSocket } from 'ws';
import { fastifySessionApp } from './fastify-session.app.js';
import { servings } from './servings.js';

interface Served {
  readonly url: string;
}

function post({ url }: Served, path: string, body: object, headers: object = {}): Promise<Response> {
  return fetch(`${url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** @returns the cookie of the session, as a browser sends it */
async function logIn(app: Served, user: string): Promise<{ cookie: string }> {
  const response = await post(app, 'login', { user });
  const [cookie] = response.headers.getSetCookie()[0]!.split(';');
  return { cookie: cookie! };
}

describe.each(servings)('an app on Fastify with a session cookie, on %s', (_kind, imports) => {
  const test = realtimeTest(fastifySessionApp(imports), { httpAdapter: () => new FastifyAdapter() });
  const account = { namespace: 'account' };

  for (const transport of ['websocket', 'polling'] as const) {
    const transports = [transport];

    test(`a client is known by the cookie of its HTTP login: ${transport}`, async ({ app, connect }) => {
      const alice = await connect({ ...account, transports, extraHeaders: await logIn(app, 'alice') });
      await expect(alice).toReceiveExactly(['welcome', 'alice']);
      await expect(alice.emitWithAck('who am I')).toBeAcked('alice');
    });

    test(`a client without a cookie is told to log in: ${transport}`, async ({ connect }) => {
      await expect(connect({ ...account, transports })).toBeRefused('log in first', {
        data: { login: '/login' },
      });
    });

    test(`a cookie without a session is refused: ${transport}`, async ({ connect }) => {
      const extraHeaders = { cookie: 'theme=dark; session=made-up' };
      await expect(connect({ ...account, transports, extraHeaders })).toBeRefused('log in first');
    });
  }

  test('a client keeps its identity when it upgrades from polling', async ({ app, connect }) => {
    const extraHeaders = await logIn(app, 'alice');
    const alice = await connect({ ...account, transports: ['polling', 'websocket'], extraHeaders });
    const { engine } = alice.socket.io;
    if (engine.transport.name === 'polling') {
      await new Promise<void>((resolve) => {
        engine.once('upgrade', () => resolve());
      });
    }
    expect(alice.transport).toBe('websocket');
    await expect(alice.emitWithAck('who am I')).toBeAcked('alice');
  });

  test('the public namespace requires no cookie', async ({ connect }) => {
    const guest = await connect();
    await expect(guest.emitWithAck('greet', 'Guest')).toBeAcked('Hello, Guest!');
  });

  test('a client that one namespace refuses stays connected to the other', async ({ app, connect }) => {
    const guest = await connect();
    const refused = guest.socket.io.socket('/account');
    const [error] = (await new Promise((resolve) => {
      refused.once('connect_error', (...args) => resolve(args));
      refused.connect();
    })) as [Error];
    expect(error.message).toBe('log in first');
    await expect(guest.emitWithAck('greet', 'Guest')).toBeAcked('Hello, Guest!');
    expect(app.clients).toEqual([guest]);
  });

  test('an HTTP request reaches every client of one user, and no client of another user', async ({ app, connect }) => {
    const extraHeaders = await logIn(app, 'alice');
    const phone = await connect({ ...account, extraHeaders });
    const laptop = await connect({ ...account, extraHeaders, transports: ['polling'] });
    const bob = await connect({ ...account, extraHeaders: await logIn(app, 'bob') });
    const response = await post(app, 'notify', { user: 'alice', text: 'the parcel is here' });
    expect(response.status).toBe(201);
    for (const client of [phone, laptop])
      await expect(client).toReceiveExactly(['welcome', 'alice'], ['notified', 'the parcel is here']);
    await expect(bob).toReceiveExactly(['welcome', 'bob']);
  });

  test('a logout over HTTP disconnects the user and invalidates the cookie', async ({ app, connect }) => {
    const extraHeaders = await logIn(app, 'alice');
    const alice = await connect({ ...account, extraHeaders });
    const bob = await connect({ ...account, extraHeaders: await logIn(app, 'bob') });
    await post(app, 'logout', {}, extraHeaders);
    await expect(alice).toBeDisconnected();
    expect(alice.disconnectReason).toBe('io server disconnect');
    await expect(connect({ ...account, extraHeaders })).toBeRefused('log in first');
    await expect(bob.emitWithAck('who am I')).toBeAcked('bob');
  });

  test('a raw WebSocket on another path of the same server is served beside Socket.IO', async ({ app, connect }) => {
    const guest = await connect();
    const raw = new WebSocket(`${app.url.replace('http', 'ws')}/echo`);
    await once(raw, 'open');
    raw.send('over and out');
    const [text] = (await once(raw, 'message')) as [Buffer];
    expect(String(text)).toBe('over and out');
    raw.send(Buffer.from([1, 2, 3]));
    const [bytes, isBinary] = (await once(raw, 'message')) as [Buffer, boolean];
    expect([bytes, isBinary]).toEqual([Buffer.from([1, 2, 3]), true]);
    await expect(guest.emitWithAck('greet', 'Guest')).toBeAcked('Hello, Guest!');
    raw.close();
    await once(raw, 'close');
  });

  test('Fastify answers its own routes, and answers 404 for all others', async ({ app }) => {
    const response = await post(app, 'login', { user: 'alice' });
    expect(await response.json()).toEqual({ user: 'alice' });
    expect((await fetch(`${app.url}/nowhere`)).status).toBe(404);
  });
});
