import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { AppModule } from './log-in-by-cookie.js';
import { logIn } from './support/log-in.js';

const test = realtimeTest(AppModule);

const transports = ['polling', 'websocket'] as const;

test.for(transports)('a client with the cookie of a login connects over %s', async (transport, { app, connect }) => {
  const cookie = `theme=dark; ${await logIn(app, 'alice')}`;
  const alice = await connect({ transports: [transport], extraHeaders: { cookie } });
  expect(await alice.emitWithAck('who am I')).toBe('alice');
});

test.for(transports)('a client without the cookie is refused over %s', async (transport, { connect }) => {
  await expect(connect({ transports: [transport] })).toBeRefused('log in first');
  const cookie = 'token=a guess';
  await expect(connect({ transports: [transport], extraHeaders: { cookie } })).toBeRefused('log in first');
});

test('a foreign page cannot use the cookie of its visitor', async ({ app, connect }) => {
  const cookie = await logIn(app, 'alice');
  const headers = (origin: string): object => ({ extraHeaders: { cookie, origin } });
  await expect(await connect(headers('https://app.example.com'))).toBeConnected();
  await expect(connect(headers('https://evil.example'))).toBeRefused();
});

test('the page of the app may send the cookie', async ({ app }) => {
  const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`, {
    headers: { origin: 'https://app.example.com' },
  });
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  expect(response.headers.get('access-control-allow-credentials')).toBe('true');
});
