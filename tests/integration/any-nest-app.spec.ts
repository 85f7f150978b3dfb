import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AppStartError, startTestApp, type AppModule, type TestAppOptions } from 'nest-realtime-kit/testing';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { describe, expect, test } from 'vitest';

@Injectable()
class Greeter {
  greet(name: string): string {
    return `Hello, ${name}!`;
  }
}

@WebSocketGateway()
class PlainGateway {
  constructor(private readonly greeter: Greeter) {}

  @SubscribeMessage('greet')
  greet(@MessageBody() name: string): string {
    return this.greeter.greet(name);
  }
}

/** An app that knows nothing of the kit. */
@Module({ providers: [Greeter, PlainGateway] })
class PlainModule {}

/** An adapter as users write one, with a private field, which a Proxy around it would break. */
class UserAdapter extends IoAdapter {
  #created = 0;

  override createIOServer(port: number, options?: ServerOptions): Server {
    this.#created += 1;
    return super.createIOServer(port, { ...options!, path: `/realtime-${this.#created}` });
  }
}

const kinds: Record<string, TestAppOptions> = {
  'on Express': {},
  'on Fastify': { httpAdapter: new FastifyAdapter() },
  'with an adapter of its own': { setup: (nest) => nest.useWebSocketAdapter(new UserAdapter(nest)) },
};

for (const [kind, options] of Object.entries(kinds)) {
  test(`a plain Nest app starts and answers ${kind}`, async () => {
    await using app = await startTestApp(PlainModule, options);
    const alice = await app.connect();
    expect(await alice.emitWithAck('greet', 'Alice')).toBe('Hello, Alice!');
    await app.settle();
    expect(app.url).toBe(`http://127.0.0.1:${app.port}`);
    expect((await fetch(`${app.url}/nowhere`)).status).toBe(404);
  });
}

test('startTestApp replaces providers by `override` and configures the app by `setup`', async () => {
  await using app = await startTestApp(PlainModule, {
    override: (builder) => builder.overrideProvider(Greeter).useValue({ greet: (name: string) => `Bye, ${name}.` }),
    setup: (nest) => nest.setGlobalPrefix('api'),
  });
  const alice = await app.connect();
  expect(await alice.emitWithAck('greet', 'Alice')).toBe('Bye, Alice.');
  expect(app.get(Greeter).greet('Bob')).toBe('Bye, Bob.');
});

describe('a request-scoped gateway', () => {
  const seen: string[] = [];

  @Injectable({ scope: Scope.REQUEST })
  class Session {
    constructor(@Inject(REQUEST) readonly request: Socket) {}
  }

  @WebSocketGateway()
  class ScopedGateway {
    constructor(private readonly session: Session) {}

    async handleConnection(client: Socket): Promise<void> {
      await delay(30);
      seen.push(`connected ${client.id} ${this.session !== undefined}`);
    }

    async handleDisconnect(client: Socket): Promise<void> {
      await delay(30);
      seen.push(`disconnected ${client.id}`);
    }

    @SubscribeMessage('greet')
    async greet(): Promise<string> {
      await delay(30);
      return 'Hello!';
    }
  }

  @Module({ providers: [Session, ScopedGateway] })
  class ScopedModule {}

  test('has its hooks and handlers awaited, also when two apps share its class', async () => {
    const { handleConnection } = ScopedGateway.prototype;
    const [one, other] = [await startTestApp(ScopedModule), await startTestApp(ScopedModule)];
    const [alice, bob] = [await one.connect(), await other.connect()];
    expect(seen.splice(0)).toEqual([`connected ${alice.id} true`, `connected ${bob.id} true`]);
    expect(await alice.emitWithAck('greet')).toBe('Hello!');
    await one.close();
    expect(seen.splice(0)).toEqual([`disconnected ${alice.id}`]);
    await bob.disconnect();
    expect(seen.splice(0)).toEqual([`disconnected ${bob.id}`]);
    await other.close();
    expect(ScopedGateway.prototype.handleConnection).toBe(handleConnection);
  });
});

describe('a gateway with a port of its own', () => {
  @WebSocketGateway(3)
  class PortGateway {
    @SubscribeMessage('greet')
    greet(): string {
      return 'from port 3';
    }
  }

  @Module({ providers: [Greeter, PlainGateway, PortGateway] })
  class PortsModule {}

  test('listens on a free port, and clients reach it by its declared port', async () => {
    await using app = await startTestApp(PortsModule);
    const alice = await app.connect({ gatewayPort: 3 });
    expect(await alice.emitWithAck('greet')).toBe('from port 3');
    const bob = await app.connect();
    expect(await bob.emitWithAck('greet', 'Bob')).toBe('Hello, Bob!');
    await expect(app.connect({ gatewayPort: 4 })).rejects.toThrow(
      'No gateway declares port 4. Ports that gateways declare: 3.',
    );
  });
});

test('gateways with paths of their own each answer on their path', async () => {
  @WebSocketGateway({ path: '/a' })
  class GatewayA {
    @SubscribeMessage('where')
    where(): string {
      return 'a';
    }
  }
  @WebSocketGateway({ path: '/b' })
  class GatewayB {
    @SubscribeMessage('where')
    where(): string {
      return 'b';
    }
  }
  @Module({ providers: [GatewayA, GatewayB] })
  class PathsModule {}
  await using app = await startTestApp(PathsModule);
  for (const path of ['/a', '/b']) {
    const client = await app.connect({ path, transports: ['polling'] });
    expect(await client.emitWithAck('where')).toBe(path.slice(1));
  }
  await app.settle();
});

describe('an app that fails to start', () => {
  test('reports what did not compile', async () => {
    @Module({ providers: [PlainGateway] })
    class BrokenModule {}
    const starting = startTestApp(BrokenModule);
    await expect(starting).rejects.toThrow(AppStartError);
    await expect(starting).rejects.toThrow(
      /^BrokenModule could not be started: compiling the module failed: Nest can't resolve dependencies of the PlainGateway/,
    );
  });

  test('reports a value that is not a module', async () => {
    await expect(startTestApp(undefined as unknown as AppModule)).rejects.toThrow(
      'Expected a module to start, a class or a dynamic module; got undefined.',
    );
  });

  test('reports the step that failed, and runs the shutdown hooks', async () => {
    const closed: string[] = [];
    @Module({})
    class FailingModule {
      onModuleInit(): void {
        throw new Error('no database');
      }
      onApplicationShutdown(): void {
        closed.push('shut down');
      }
    }
    await expect(startTestApp(FailingModule)).rejects.toThrow(
      'FailingModule could not be started: initialising the app failed: no database',
    );
    expect(closed).toEqual(['shut down']);
  });
});

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {
  @SubscribeMessage('shout')
  shout(@MessageBody() text: string): string {
    return text.toUpperCase();
  }
}

/** An adapter that has a namespace before Nest asks for it, to add a middleware. */
class EarlyNamespaceAdapter extends IoAdapter {
  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options);
    server.of('/chat').use((_socket, next) => next());
    return server;
  }
}

test('observes a namespace that the adapter has made before Nest asks for it', async () => {
  @Module({ providers: [ChatGateway] })
  class ChatModule {}
  await using app = await startTestApp(ChatModule, {
    setup: (nest) => nest.useWebSocketAdapter(new EarlyNamespaceAdapter(nest)),
  });
  const alice = await app.connect({ name: 'alice', namespace: 'chat' });
  expect(await alice.emitWithAck('shout', 'hi')).toBe('HI');
  expect(app.timeline.print()).toContain('alice connected to /chat');
});
