import {
  Injectable,
  Module,
  Scope,
  UseGuards,
  ValidationPipe,
  type CanActivate,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  EventsGateway,
  WebsocketAdapter,
  WebsocketModule,
  type Ack,
  type Authenticator,
  type MessageHandler,
  type Socket,
  type WebsocketOptions,
} from 'nest-realtime-kit';
import { assertThat, startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';

interface Setup extends ModuleMetadata {
  readonly options?: Parameters<typeof WebsocketModule.forRoot>[0];
  readonly setup?: (app: INestApplication) => unknown;
}

async function start({ options, setup, ...metadata }: Setup): Promise<TestApp> {
  @Module({ ...metadata, imports: [WebsocketModule.forRoot(options), ...(metadata.imports ?? [])] })
  class AppModule {}
  const app = await startTestApp(AppModule, { setup });
  onTestFinished(() => app.close());
  return app;
}

async function statusOf(app: TestApp, path: string): Promise<number> {
  return (await fetch(`${app.url}${path}/?EIO=4&transport=polling`)).status;
}

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(_client: Socket, data: unknown): unknown {
    return data;
  }
}

describe('another adapter', () => {
  class RedisIoAdapter extends IoAdapter {}

  test('stops the boot with an error that names it, the line to delete and the place for its options', async () => {
    const started = start({ setup: (app) => app.useWebSocketAdapter(new RedisIoAdapter(app)) });
    await expect(started).rejects.toThrow(
      /RedisIoAdapter would replace it.*Delete the line app\.useWebSocketAdapter.*WebsocketModule\.forRoot/s,
    );
  });

  test('stops the boot when it extends WebsocketAdapter and is not a provider', async () => {
    class OwnAdapter extends WebsocketAdapter {}
    const started = start({ setup: (app) => app.useWebSocketAdapter(new OwnAdapter()) });
    await expect(started).rejects.toThrow('useWebSocketAdapter(app.get(OwnAdapter))');
  });

  test('is accepted when it extends WebsocketAdapter, even with its own constructor', async () => {
    @Injectable()
    class Journal {
      readonly handled: string[] = [];
    }
    @Injectable()
    class TracingAdapter extends WebsocketAdapter {
      constructor(private readonly journal: Journal) {
        super();
      }

      override handleMessage(handler: MessageHandler, client: Socket, data: unknown, ack?: Ack): unknown {
        this.journal.handled.push(handler.name);
        return super.handleMessage(handler, client, data, ack);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Journal], TracingAdapter);

    const app = await start({
      providers: [EchoGateway, Journal, TracingAdapter],
      options: { authentication: () => ({ user: 'alice' }) },
      setup: (nest) => nest.useWebSocketAdapter(nest.get(TracingAdapter)),
    });
    const alice = await app.connect();
    expect(await alice.emitWithAck('echo', 1)).toBe(1);
    expect(app.get(Journal).handled).toEqual(['EchoGateway.echo']);
    expect([...app.io.sockets.sockets.values()].map(({ data }) => data as unknown)).toEqual([{ user: 'alice' }]);
  });
});

describe('"authentication" by a class', () => {
  class Absent implements Authenticator {
    authenticate(): object {
      return {};
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class Scoped extends Absent {}
  abstract class Unprovided {
    abstract authenticate(): object;
  }

  test.each([
    ['is not provided', Absent, []],
    ['is request-scoped', Scoped, [Scoped]],
    ['is abstract and not provided', Unprovided, []],
  ] as [string, Type<Authenticator>, Type[]][])('stops the boot when it %s', async (_, use, providers) => {
    await expect(start({ providers, options: { authentication: use } })).rejects.toThrow(
      new RegExp(`option "authentication" is class ${use.name}; expected .* the class of a provider`),
    );
  });

  test('stops the boot when its provider has no method authenticate()', async () => {
    class Methodless {}
    const use = Methodless as Type<Authenticator>;
    await expect(start({ providers: [Methodless], options: { authentication: use } })).rejects.toThrow(
      'expected a provider with a method authenticate()',
    );
  });

  class WithProperty {
    readonly authenticate = (): object => ({ by: 'property' });
  }
  class Implementation extends Unprovided {
    authenticate(): object {
      return { by: 'implementation' };
    }
  }

  test.each<[string, object, Setup['providers'], object]>([
    ['whose method is a property', WithProperty, [WithProperty], { by: 'property' }],
    [
      'that is abstract and has an implementation',
      Unprovided,
      [{ provide: Unprovided, useClass: Implementation }],
      { by: 'implementation' },
    ],
  ])('%s authenticates clients', async (_, use, providers, data) => {
    const app = await start({ providers, options: { authentication: use as Type<Authenticator> } });
    await app.connect();
    expect([...app.io.sockets.sockets.values()].map((socket) => socket.data as unknown)).toEqual([data]);
  });
});

test('a request-scoped APP_GUARD, which Nest ignores on gateways, logs a warning', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class TenantGuard implements CanActivate {
    canActivate(): boolean {
      return false;
    }
  }
  const app = await start({ providers: [EchoGateway, { provide: APP_GUARD, useClass: TenantGuard }] });
  await assertThat(app).toHaveLogged(/^APP_GUARD TenantGuard is request-scoped/, { level: 'warn' });
  const plain = await start({ providers: [EchoGateway] });
  await assertThat(plain).not.toHaveLogged(/APP_GUARD/);
});

describe('every origin in production', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each<[string, unknown, WebsocketOptions?]>([
    ['cors: true in a decorator', true],
    ["cors: '*' in a decorator", '*'],
    ['no origin in a decorator', {}],
    ['cors: true in the module', undefined, { cors: true } as object],
    ["cors: '*' in the module", undefined, { cors: '*' } as object],
  ])('%s logs one warning', async (_, cors, options) => {
    vi.stubEnv('NODE_ENV', 'production');
    @WebSocketGateway({ cors: cors as object })
    class OpenGateway {}
    const app = await start({ providers: [OpenGateway], options });
    expect(app.logs.entries.filter(({ message }) => /every origin may connect/.test(String(message)))).toHaveLength(1);
    const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`, {
      headers: { origin: 'https://evil.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

test('an undefined cors.origin refuses a foreign origin, as on plain Nest', async () => {
  @WebSocketGateway({ cors: { origin: undefined, credentials: true } })
  class UnsetGateway {}
  const app = await start({ providers: [UnsetGateway] });
  const stranger = { extraHeaders: { origin: 'https://evil.example' } };
  await assertThat(app.connect(stranger)).toBeRefused();
});

describe('gateways that share a server', () => {
  function gateways(...cors: unknown[]): Type[] {
    return cors.map((each, index) => {
      @WebSocketGateway({ namespace: `n${index}`, cors: each as object })
      class SharingGateway {}
      return SharingGateway;
    });
  }

  test.each<[string, Type[]]>([
    ["true and { origin: '*' }", gateways(true, { origin: '*' }, '*', {})],
    [
      'two functions of the same text',
      gateways(
        ...[1, 2].map(() => ({
          origin: (_: unknown, allow: (...a: unknown[]) => void) => allow(null, true),
        })),
      ),
    ],
    ['two equal patterns', gateways({ origin: [/example$/] }, { origin: [/example$/] })],
  ])('start when their cors options are %s', async (_, providers) => {
    await start({ providers });
  });

  test('start with different cors options when the module sets them, as the error advises', async () => {
    const providers = gateways({ origin: '*' }, { origin: ['https://a.example'] });
    await expect(start({ providers })).rejects.toThrow('Say it once: in WebsocketModule.forRoot()');
    await start({ providers, options: { cors: { origin: ['https://b.example'] } } });
  });
});

describe('an app with gateways on a path of their own', () => {
  @WebSocketGateway({ path: '/ws' })
  class PathGateway {
    @SubscribeMessage('echo')
    echo(_client: Socket, data: unknown): unknown {
      return data;
    }
  }
  @WebSocketGateway({ path: '/ws', namespace: 'rooms' })
  class RoomsGateway {}

  test('runs EventsGateway on that path, and opens no second server', async () => {
    const app = await start({ providers: [PathGateway, RoomsGateway] });
    expect(await statusOf(app, '/socket.io')).toBe(404);
    const alice = await app.connect({ path: '/ws' });
    expect(await alice.emitWithAck('echo', 1)).toBe(1);
    await assertThat(app).toHaveLogged(`Client connected: ${alice.id}`, { context: 'EventsGateway' });
    await app.connect({ path: '/ws', namespace: 'rooms' });
  });

  test('accepts the same path as an option of the module', async () => {
    const app = await start({ providers: [PathGateway], options: { path: '/ws' } });
    const alice = await app.connect({ path: '/ws' });
    expect(await alice.emitWithAck('echo', 1)).toBe(1);
  });

  test('runs a second server when another gateway uses the default path', async () => {
    const app = await start({ providers: [PathGateway, EchoGateway] });
    expect(await statusOf(app, '/socket.io')).toBe(200);
    expect(await statusOf(app, '/ws')).toBe(200);
  });
});

test('eventsGateway: false leaves out EventsGateway', async () => {
  const app = await start({ providers: [EchoGateway], options: { eventsGateway: false } });
  const alice = await app.connect();
  expect(await alice.emitWithAck('echo', 1)).toBe(1);
  await alice.disconnect();
  await assertThat(app).not.toHaveLogged(/^Client|Gateway initialized/);
});

test('a namespace may be a function', async () => {
  @WebSocketGateway({
    namespace: ((name: string, _auth: object, next: (error: null, admits: boolean) => void) =>
      next(null, name.startsWith('/room-'))) as never,
  })
  class RoomGateway {
    @SubscribeMessage('where')
    where(client: Socket): string {
      return client.nsp.name;
    }
  }
  const app = await start({ providers: [RoomGateway] });
  const alice = await app.connect({ namespace: 'room-1' });
  expect(await alice.emitWithAck('where')).toBe('/room-1');
  await assertThat(app.connect({ namespace: 'hall' })).toBeRefused('Invalid namespace');
});

test('a gateway that extends EventsGateway may have a request-scoped guard', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class ScopedGuard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }
  @UseGuards(ScopedGuard)
  @WebSocketGateway({ namespace: 'scoped' })
  class ScopedGateway extends EventsGateway {
    @SubscribeMessage('echo')
    echo(_client: Socket, data: unknown): unknown {
      return data;
    }
  }
  const app = await start({ providers: [ScopedGateway] });
  const alice = await app.connect({ namespace: 'scoped' });
  expect(await alice.emitWithAck('echo', 1)).toBe(1);
  const context = 'ScopedGateway';
  await assertThat(app).toHaveLogged('WebSocket Gateway initialized', { context });
  await assertThat(app).toHaveLogged(`Client connected: ${alice.id}`, { context });
});

test.each<[unknown, unknown[]]>([
  [5, [5, 'data']],
  ['named', ['named', 'data']],
])('a returned { event: %j, data } is emitted as an event', async (event, emitted) => {
  @WebSocketGateway()
  class ReturningGateway {
    @SubscribeMessage('ask')
    ask(): unknown {
      return { event, data: 'data' };
    }
  }
  const app = await start({ providers: [ReturningGateway] });
  const alice = await app.connect();
  alice.emit('ask');
  await app.settle();
  expect(alice.inbox.events.map((received) => [received.event, ...received.args])).toEqual([emitted]);
});

test('handlers are listeners of the socket, which other code can find and remove', async () => {
  @WebSocketGateway()
  class SilencedGateway {
    @SubscribeMessage('echo')
    echo(_client: Socket, data: unknown): unknown {
      return data;
    }

    @SubscribeMessage('silence')
    silence(client: Socket): void {
      client.removeAllListeners('echo');
    }
  }
  const app = await start({
    providers: [SilencedGateway],
    setup: (nest) => nest.useGlobalPipes(new ValidationPipe()),
  });
  const alice = await app.connect();
  const [socket] = app.io.sockets.sockets.values();
  expect(socket!.eventNames()).toEqual(expect.arrayContaining(['echo', 'silence']));
  expect(socket!.listenerCount('echo')).toBe(1);
  expect(await alice.emitWithAck('echo', 1)).toBe(1);
  await alice.emitWithAck('silence');
  expect(await alice.emitWithAck('echo', 1)).toMatchObject({ code: 'UNKNOWN_EVENT' });
});
