import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  EventsGateway,
  WebsocketModule,
  WebsocketOptionsError,
  type Server,
  type WebsocketOptions,
} from 'nest-realtime-kit';
import { startTestApp, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';

function moduleWith(...imports: AppModule[]): AppModule {
  @Module({ imports })
  class RootModule {}
  return RootModule;
}

async function allowedOrigin(app: TestApp, origin: string, path = '/socket.io'): Promise<string | null> {
  const response = await fetch(`${app.url}${path}/?EIO=4&transport=polling`, { headers: { origin } });
  await response.text();
  return response.headers.get('access-control-allow-origin');
}

describe('WebsocketModule without options', () => {
  test('serves namespace "/" at /socket.io, with the browser client, to pages of every origin', async () => {
    await using app = await startTestApp(moduleWith(WebsocketModule));
    expect(await allowedOrigin(app, 'https://anywhere.example.com')).toBe('*');
    const client = await fetch(`${app.url}/socket.io/socket.io.js`);
    expect(client.headers.get('content-type')).toContain('javascript');
    expect(await client.text()).toContain('Socket.IO');
    expect([...app.io._nsps.keys()]).toEqual(['/']);
    expect((await app.connect({ transports: ['polling'] })).transport).toBe('polling');
  });

  test('makes EventsGateway and its server injectable', async () => {
    @Injectable()
    class Announcer {
      constructor(readonly gateway: EventsGateway) {}
    }
    @Module({ imports: [WebsocketModule], providers: [Announcer] })
    class AnnouncingModule {}
    await using app = await startTestApp(AnnouncingModule);
    const alice = await app.connect();
    app.get(Announcer).gateway.server.emit('news', 1);
    expect(await alice.next('news')).toEqual([1]);
  });
});

describe('WebsocketModule.forRoot()', () => {
  test("passes on Socket.IO's options under their own names", async () => {
    const options: WebsocketOptions = {
      path: '/realtime',
      cors: { origin: ['https://app.example.com'], credentials: true },
      transports: ['websocket', 'polling'],
      pingInterval: 12_345,
      maxHttpBufferSize: 1_000,
      serveClient: false,
    };
    await using app = await startTestApp(moduleWith(WebsocketModule.forRoot(options)));
    expect(await allowedOrigin(app, 'https://app.example.com', '/realtime')).toBe('https://app.example.com');
    expect(await allowedOrigin(app, 'https://evil.example.com', '/realtime')).toBeNull();
    expect(app.io.engine.opts).toMatchObject({ pingInterval: 12_345, maxHttpBufferSize: 1_000 });
    const client = await fetch(`${app.url}/realtime/socket.io.js`);
    expect(client.status).toBe(400);
    await client.text();
    await app.connect();
  });

  test("overrides a gateway's decorator, which overrides the kit's defaults", async () => {
    @WebSocketGateway(7, { path: '/decorated', cors: { origin: 'https://decorator.example.com' } })
    class DecoratedGateway {}
    @Module({
      imports: [WebsocketModule.forRoot({ cors: { origin: 'https://module.example.com' } })],
      providers: [DecoratedGateway],
    })
    class ConfiguredModule {}
    @Module({ imports: [WebsocketModule], providers: [DecoratedGateway] })
    class DefaultModule {}
    for (const [module, origin] of [
      [ConfiguredModule, 'https://module.example.com'],
      [DefaultModule, 'https://decorator.example.com'],
    ] as const) {
      await using app = await startTestApp(module);
      const client = await app.connect({ gatewayPort: 7, transports: ['polling'] });
      const { opts } = app.serverOf(7).engine;
      expect(client.connected).toBe(true);
      expect(opts).toMatchObject({ cors: { origin } });
    }
  });

  test('refuses a wrong option when the app boots', async () => {
    const starting = startTestApp(moduleWith(WebsocketModule.forRoot({ pingTimeout: -1 })));
    await expect(starting).rejects.toMatchObject({ cause: expect.any(WebsocketOptionsError) });
    await expect(starting).rejects.toThrow(
      'WebsocketModule: option "pingTimeout" is -1; expected a whole number of milliseconds, 1 or more.',
    );
  });

  test('stops the boot when the module is set up twice, and says what to do', async () => {
    const twice = moduleWith(WebsocketModule, WebsocketModule.forRoot({ path: '/realtime' }));
    await expect(startTestApp(twice)).rejects.toThrow(/set up more than once\. Import it in one/);
  });
});

describe('WebsocketModule.forRootAsync()', () => {
  @Injectable()
  class Config {
    readonly origin = 'https://config.example.com';
  }

  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  test('injects the dependencies of its factory', async () => {
    const configured = WebsocketModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: async ({ origin }: Config) => ({ cors: { origin } }),
    });
    await using app = await startTestApp(moduleWith(configured));
    expect(await allowedOrigin(app, 'https://any.example.com')).toBe('https://config.example.com');
  });

  test('accepts a class', async () => {
    @Injectable()
    class OptionsFactory {
      create(): WebsocketOptions {
        return { path: '/by-class' };
      }
    }
    await using app = await startTestApp(moduleWith(WebsocketModule.forRootAsync({ useClass: OptionsFactory })));
    expect(app.io.path()).toBe('/by-class');
  });

  test('is global with isGlobal: true', async () => {
    @Injectable()
    class Announcer {
      constructor(readonly gateway: EventsGateway) {}
    }
    @Module({ providers: [Announcer] })
    class FeatureModule {}
    const configured = WebsocketModule.forRootAsync({ isGlobal: true, useFactory: () => ({}) });
    await using app = await startTestApp(moduleWith(configured, FeatureModule));
    expect(app.get(Announcer).gateway).toBe(app.get(EventsGateway));
  });
});

describe('the warning that pages of every origin may connect', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const warnings = (app: TestApp): unknown[] =>
    app.logs.entries.filter(({ context, level }) => context === 'WebsocketAdapter' && level === 'warn');

  test('is logged once in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    @WebSocketGateway(1)
    class SecondServer {}
    @Module({ imports: [WebsocketModule], providers: [SecondServer] })
    class TwoServersModule {}
    await using app = await startTestApp(TwoServersModule);
    expect(warnings(app)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('cors.origin does not say which') }),
    ]);
  });

  test('is not logged in production when the origins are named', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const named = WebsocketModule.forRoot({ cors: { origin: 'https://app.example.com' } });
    await using app = await startTestApp(moduleWith(named));
    expect(warnings(app)).toEqual([]);
  });

  test('is not logged outside production', async () => {
    await using app = await startTestApp(moduleWith(WebsocketModule));
    expect(warnings(app)).toEqual([]);
  });
});

test.each<[string, WebsocketOptions, ...string[]]>([
  ['the option "path" applies to all gateways', { path: '/ws' }, '/chat', '/feed'],
  ['one path is within another', {}, '/chat', '/chat/private'],
  ['the paths differ only by a slash', {}, '/chat', '/chat/'],
])('two servers in one place fail the boot: %s', async (_, options, ...paths) => {
  const gateways = paths.map((path) => {
    @WebSocketGateway({ path })
    class PathGateway {}
    return PathGateway;
  });
  @Module({ imports: [WebsocketModule.forRoot(options)], providers: gateways })
  class PathsModule {}
  await expect(startTestApp(PathsModule)).rejects.toThrow('Two Socket.IO servers would be in one place, at "/');
});

test('a port of a gateway that is in use fails the boot', async () => {
  const other = createServer().listen(0);
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  @WebSocketGateway(port)
  class PortGateway {}
  @Module({ imports: [WebsocketModule], providers: [PortGateway] })
  class PortModule {}
  const app = await NestFactory.create(PortModule, { logger: false, abortOnError: false });
  try {
    await expect(app.listen(0)).rejects.toThrow(
      `The port ${port} that a gateway declares cannot be listened on: listen EADDRINUSE`,
    );
  } finally {
    await app.close();
    other.close();
  }
});

test('attaching a Socket.IO server to a further HTTP server fails the boot', async () => {
  @WebSocketGateway()
  class AttachingGateway {
    afterInit(server: Server): void {
      server.attach(createServer());
    }
  }
  @Module({ imports: [WebsocketModule], providers: [AttachingGateway] })
  class AttachingModule {}
  await expect(startTestApp(AttachingModule)).rejects.toThrow(
    'A Socket.IO server of WebsocketModule cannot be attached to a further server. Give a gateway another port',
  );
});

test('there is one copy of socket.io, the one that the platform brings', async () => {
  const here = createRequire(import.meta.url);
  const platform = createRequire(here.resolve('@nestjs/platform-socket.io'));
  expect(here.resolve('socket.io')).toBe(platform.resolve('socket.io'));
});
