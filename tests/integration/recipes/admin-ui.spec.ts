import { Authentication } from 'nest-realtime-kit';
import { startTestApp, type ConnectOptions, type TestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { afterEach, describe, onTestFinished, test as plainTest, vi } from 'vitest';
import { AppModule } from './admin-ui.js';

const test = realtimeTest(AppModule);

const asAlice: ConnectOptions = { name: 'alice', auth: { token: 'alice-token' } };
const asAdmin: ConnectOptions = {
  name: 'admin',
  namespace: '/admin',
  auth: { username: 'admin', password: 'changeit' },
};

test('the admin UI logs in by its password', async ({ connect }) => {
  const admin = await connect(asAdmin);
  await expect(admin).toReceive('session', expect.any(String));
  await expect(admin).toReceive('config', { supportedFeatures: expect.arrayContaining(['DISCONNECT']) });
});

test('the admin UI reconnects with its session', async ({ connect }) => {
  const admin = await connect(asAdmin);
  const [sessionId] = await admin.next('session');
  await expect(await connect({ ...asAdmin, auth: { sessionId } })).toBeConnected();
});

test('a wrong password, and a token of the app, are refused', async ({ connect }) => {
  const auth = { username: 'admin', password: 'guess' };
  await expect(connect({ ...asAdmin, auth })).toBeRefused('invalid credentials');
  await expect(connect({ ...asAdmin, auth: asAlice.auth })).toBeRefused('invalid credentials');
});

test('the password of the admin UI does not log in to the app', async ({ connect }) => {
  await expect(connect({ auth: asAdmin.auth })).toBeRefused('no such token');
});

test('the admin UI disconnects a client', async ({ connect }) => {
  const [alice, admin] = [await connect(asAlice), await connect(asAdmin)];
  admin.emit('_disconnect', '/', false, alice.id);
  await expect(alice).toBeDisconnected();
});

test('only the pages of the app and of the admin UI may connect', async ({ connect }) => {
  const from = (origin: string): object => ({ extraHeaders: { origin } });
  await expect(await connect({ ...asAdmin, ...from('https://admin.socket.io') })).toBeConnected();
  await expect(connect({ ...asAdmin, ...from('https://evil.example') })).toBeRefused();
});

describe('in development', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  async function start(): Promise<TestApp> {
    vi.stubEnv('NODE_ENV', 'development');
    const app = await startTestApp(AppModule);
    onTestFinished(() => app.close());
    return app;
  }

  plainTest('the admin UI sees every event, and the user of a client', async () => {
    const app = await start();
    const admin = await app.connect(asAdmin);
    const alice = await app.connect(asAlice);
    await expect(admin).toReceive(
      'socket_connected',
      expect.objectContaining({ id: alice.id, nsp: '/', data: { name: 'Alice' } }),
      expect.anything(),
    );
    expect(await alice.emitWithAck('greet')).toBe('Hello, Alice');
    await expect(admin).toReceive('event_received', '/', alice.id, ['greet'], expect.anything());
  });

  plainTest('a client stays connected when it is authenticated again', async () => {
    const app = await start();
    const alice = await app.connect(asAlice);
    await app.get(Authentication).recheck();
    expect(await alice.emitWithAck('greet')).toBe('Hello, Alice');
    await expect(alice).toBeConnected();
  });

  plainTest('an event without a handler gets no ack, because the admin UI listens with onAny', async () => {
    const app = await start();
    const alice = await app.connect(asAlice);
    await expect(alice.emitWithAck('unknown')).not.toBeAcked();
  });
});
