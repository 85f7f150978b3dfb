import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { withChromium } from './support/chromium.js';

const ALLOWED = 'https://app.example.com';
const FOREIGN = 'https://evil.example.com';

@Module({
  imports: [WebsocketModule.forRoot({ cors: { origin: [ALLOWED, /^https:\/\/\w+\.example\.org$/] } })],
})
class AppModule {}

@Module({ imports: [WebsocketModule.forRoot({ cors: { origin: ALLOWED }, allowMissingOrigin: false })] })
class BrowsersOnlyModule {}

const test = withChromium(realtimeTest(AppModule));

type Transport = 'websocket' | 'polling';

describe.each<{ transports: Transport[] }>([
  { transports: ['websocket'] },
  { transports: ['polling'] },
  { transports: ['polling', 'websocket'] },
])('over $transports', ({ transports }) => {
  const from = (origin: string) => ({ transports, extraHeaders: { origin } });

  test.for([ALLOWED, 'https://shop.example.org'])('a page of %s may connect', async (origin, { connect }) => {
    await expect(await connect(from(origin))).toBeConnected();
  });

  test.for([FOREIGN, 'null', `${ALLOWED}.evil.com`, 'https://shop.example.org.evil.com'])(
    'a page of %s is refused, and leaves no connection',
    async (origin, { app, connect }) => {
      await expect(connect(from(origin))).toBeRefused('Pages of this origin may not connect', {
        stage: 'handshake',
      });
      expect(app.io.engine.clientsCount).toBe(0);
      await expect(app).toHaveLogged(
        `Refused a connection: its origin ${JSON.stringify(origin)} is not allowed by cors.origin`,
        { level: 'warn' },
      );
    },
  );

  test('a client without an Origin header may connect', async ({ connect }) => {
    await expect(await connect({ transports })).toBeConnected();
  });

  test('a client without an Origin header is refused with allowMissingOrigin: false', async () => {
    const app = await startTestApp(BrowsersOnlyModule);
    try {
      await expect(app.connect({ transports })).toBeRefused('Only pages of allowed origins may connect');
      await expect(await app.connect(from(ALLOWED))).toBeConnected();
    } finally {
      await app.close();
    }
  });
});

test.for<Transport>(['websocket', 'polling'])(
  'a cors.origin that is a function decides on a client without an Origin header (%s)',
  async (transport) => {
    const origin = (of: string | undefined, answer: (error: Error | null, allowed?: boolean) => void): void =>
      of === ALLOWED ? answer(null, true) : answer(new Error('not on the list'));
    @Module({ imports: [WebsocketModule.forRoot({ cors: { origin } })] })
    class ListModule {}

    await using app = await startTestApp(ListModule);
    await expect(app.connect({ transports: [transport] })).toBeRefused(undefined, { stage: 'handshake' });
    await expect(await app.connect({ transports: [transport], extraHeaders: { origin: ALLOWED } })).toBeConnected();
  },
);

test('the refusal of an origin is a readable HTTP response', async ({ app }) => {
  const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`, {
    headers: { origin: FOREIGN },
  });
  expect(response.status).toBe(403);
  expect(await response.json()).toEqual({
    code: 'ORIGIN_NOT_ALLOWED',
    message: 'Pages of this origin may not connect',
  });
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

test.for<[what: string, options: WebsocketOptions]>([
  ['allowRequest that refuses with an error', { allowRequest: (_, done) => done(new Error('no') as never, false) }],
  [
    'allowRequest that refuses asynchronously with an error',
    { allowRequest: (_, done) => void setImmediate(() => done(new Error('no') as never, false)) },
  ],
  [
    'a cors delegate whose origin rejects',
    {
      cors: (_: unknown, done: (error: null, options: object) => void) =>
        done(null, { origin: () => Promise.reject(new Error('the store is down')) }),
    },
  ],
])('%s refuses the client', async ([, options]) => {
  @Module({ imports: [WebsocketModule.forRoot(options)] })
  class FailingModule {}

  const app = await startTestApp(FailingModule, { errorLogs: 'allow' } as object);
  try {
    for (const transport of ['polling', 'websocket'] as const) {
      const from = { transports: [transport], extraHeaders: { origin: ALLOWED } };
      await expect(app.connect(from)).toBeRefused();
    }
    expect((await fetch(app.url)).status).toBe(404);
  } finally {
    await app.close();
  }
});

test('a cors.origin that never answers refuses the client', async () => {
  @Module({ imports: [WebsocketModule.forRoot({ cors: { origin: () => {} }, connectTimeout: 100 })] })
  class MuteModule {}

  const app = await startTestApp(MuteModule);
  try {
    for (const transport of ['polling', 'websocket'] as const) {
      const from = { transports: [transport], extraHeaders: { origin: ALLOWED } };
      await expect(app.connect(from)).toBeRefused();
    }
    await expect(app).toHaveLogged(/"cors" failed: it has not decided within 100 ms/, { level: 'error' });
  } finally {
    await app.close();
  }
});

test('a session that an allowed page opened refuses a request from a foreign page', async ({ app, connect }) => {
  const alice = await connect({ transports: ['polling'], extraHeaders: { origin: ALLOWED } });
  const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling&sid=${alice.socket.io.engine.id}`, {
    method: 'POST',
    headers: { origin: FOREIGN },
    body: '42["hi"]',
  });
  expect(response.status).toBe(403);
});

/** A page that connects to an app, on an origin of its own. */
async function servePage(): Promise<AsyncDisposable & { origin: string }> {
  const page = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<title>A page</title>'),
  );
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(page.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => page.close(() => resolve())),
  };
}

test.for(['websocket', 'polling'])(
  'a browser connects from an allowed page, and is refused from a foreign page, over %s',
  { timeout: 30_000 },
  async (transport, { page }) => {
    await using allowed = await servePage();
    await using foreign = await servePage();
    @Module({ imports: [WebsocketModule.forRoot({ cors: { origin: allowed.origin } })] })
    class BrowserModule {}

    const app = await startTestApp(BrowserModule);
    try {
      const outcomes: string[] = [];
      for (const { origin } of [allowed, foreign]) {
        await page.goto(origin);
        await page.addScriptTag({ url: `${app.url}/socket.io/socket.io.js` });
        outcomes.push(
          await page.evaluate(
            ({ url, transports }) =>
              new Promise<string>((resolve) => {
                const { io } = globalThis as unknown as {
                  io: (
                    url: string,
                    options: object,
                  ) => {
                    on(event: string, listener: () => void): void;
                    disconnect(): void;
                  };
                };
                const socket = io(url, { transports, reconnection: false });
                const end = (outcome: string) => (): void => {
                  socket.disconnect();
                  resolve(outcome);
                };
                socket.on('connect', end('connected'));
                socket.on('connect_error', end('refused'));
              }),
            { url: app.url, transports: [transport] },
          ),
        );
      }
      expect(outcomes).toEqual(['connected', 'refused']);
      await page.goto('about:blank');
      await expect.poll(() => app.io.engine.clientsCount, { timeout: 10_000 }).toBe(0);
    } finally {
      await app.close();
    }
  },
);
