import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { AppModule } from './express-session.js';
import { logIn, post } from './support/log-in.js';

const test = realtimeTest(AppModule);

const TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']] as const;

describe.each(TRANSPORTS.map((transports) => ({ transports: [...transports] })))(
  'over $transports',
  ({ transports }) => {
    test('a handler knows the user of the session', async ({ app, connect }) => {
      const cookie = await logIn(app, 'alice');
      const alice = await connect({ transports, extraHeaders: { cookie } });
      expect(await alice.emitWithAck('who am I')).toBe('alice');
    });

    test('a client without a session is refused', async ({ connect }) => {
      await expect(connect({ transports })).toBeRefused('log in first');
    });
  },
);

test('a forged session cookie is refused', async ({ connect }) => {
  const cookie = 'connect.sid=s%3Aforged.signature';
  await expect(connect({ extraHeaders: { cookie } })).toBeRefused('log in first');
});

test('a logout disconnects the clients of the user, and no other client', async ({ app, connect }) => {
  const [cookie, cookieOfBob] = [await logIn(app, 'alice'), await logIn(app, 'bob')];
  const alice = await connect({ extraHeaders: { cookie } });
  const bob = await connect({ extraHeaders: { cookie: cookieOfBob } });
  await post(app, '/logout', {}, cookie);
  await expect(alice).toReceive('exception', expect.objectContaining({ code: 'UNAUTHORIZED' }));
  await expect(alice).toBeDisconnected();
  await expect(bob).toBeConnected();
  await expect(connect({ extraHeaders: { cookie } })).toBeRefused('log in first');
});
