import { Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';

const fromProxy = (address: string) => ({ extraHeaders: { 'x-forwarded-for': address } });

function moduleWith(options: WebsocketOptions): AppModule {
  @Module({ imports: [WebsocketModule.forRoot(options)] })
  class ProxiedModule {}
  return ProxiedModule;
}

function expressThatTrusts(trust: unknown): ExpressAdapter {
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trust);
  return adapter;
}

const oneEach: WebsocketOptions = { limits: { connectionsPerAddress: 1 } };

async function expectAddressesToCount(app: TestApp): Promise<void> {
  const alice = await app.connect(fromProxy('192.0.2.1'));
  await expect(await app.connect(fromProxy('192.0.2.2'))).toBeConnected();
  await expect(app.connect(fromProxy('192.0.2.2'))).toBeRefused(/^This address/);
  await expect(app).toHaveLogged(`Client connected: ${alice.id}`, {
    params: [expect.objectContaining({ address: '192.0.2.1' })],
  });
}

describe('the trusted proxies', () => {
  test.for([true, 1, 'loopback', (address: string) => address.includes('127.0.0.1')])(
    "follow Express' setting trust proxy: %s",
    async (trust) => {
      await using app = await startTestApp(moduleWith(oneEach), {
        httpAdapter: expressThatTrusts(trust),
      });
      await expectAddressesToCount(app);
    },
  );

  test.for([true, 'loopback', () => true])("follow Fastify's option trustProxy: %s", async (trustProxy) => {
    await using app = await startTestApp(moduleWith(oneEach), {
      httpAdapter: new FastifyAdapter({ trustProxy }),
    });
    await expectAddressesToCount(app);
  });

  test('follow the option trustProxy, which overrides the HTTP adapter', async () => {
    await using app = await startTestApp(moduleWith({ ...oneEach, trustProxy: false }), {
      httpAdapter: expressThatTrusts(true),
    });
    await app.connect(fromProxy('192.0.2.1'));
    await expect(app.connect(fromProxy('192.0.2.2'))).toBeRefused(/^This address/);
  });
});

test('behind an undeclared proxy, the limits of one address log one warning and refuse no client', async () => {
  await using app = await startTestApp(moduleWith({ limits: { connectRate: { burst: 5, perSecond: 1 } } }));
  const clients = await Promise.all(
    Array.from({ length: 30 }, (_, number) => app.connect(fromProxy(`198.51.100.${number}`))),
  );
  for (const client of clients) expect(client.connected).toBe(true);
  const warnings = app.logs.entries.filter(({ message }) => /all clients have its address/.test(String(message)));
  expect(warnings).toHaveLength(1);
});

test('behind an undeclared proxy, connections above the total limit are refused', async () => {
  await using app = await startTestApp(moduleWith({ limits: { connections: 2 } }));
  await Promise.all([app.connect(fromProxy('198.51.100.1')), app.connect(fromProxy('198.51.100.2'))]);
  await expect(app.connect(fromProxy('198.51.100.3'))).toBeRefused(/^The server is/);
});
