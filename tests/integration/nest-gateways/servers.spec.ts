import { Controller, Injectable, Module, Sse, type OnApplicationShutdown } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer, type WsResponse } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { NEVER, startWith, type Observable } from 'rxjs';
import { Server, type Namespace } from 'socket.io';
import { describe, test as plainTest } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';

/** Answers `push` with `pop`, and says where. */
class PopGateway {
  protected readonly where: string = this.constructor.name;

  @SubscribeMessage('push')
  onPush(@MessageBody() data: unknown): WsResponse {
    return { event: 'pop', data: { from: this.where, data } };
  }
}

@WebSocketGateway()
class HttpPortGateway extends PopGateway {}

@WebSocketGateway(8080)
class OwnPortGateway extends PopGateway {}

@WebSocketGateway(8080, { namespace: 'news' })
class OwnPortNewsGateway extends PopGateway {}

@WebSocketGateway({ namespace: 'news' })
class NewsGateway extends PopGateway {
  @WebSocketServer() readonly namespace!: Namespace;
}

@WebSocketGateway({ namespace: '/deep/news' })
class DeepNewsGateway extends PopGateway {}

@WebSocketGateway({ namespace: /^\/room-\d+$/ })
class RoomsGateway extends PopGateway {}

@WebSocketGateway({ path: '/example' })
class PathGateway extends PopGateway {}

describe('a message is handled', () => {
  const gateways = [
    HttpPortGateway,
    OwnPortGateway,
    OwnPortNewsGateway,
    NewsGateway,
    DeepNewsGateway,
    RoomsGateway,
    PathGateway,
  ];
  const test = realtimeTest(appOf(...gateways));

  for (const [where, options, gateway] of [
    ["on the app's port", {}, HttpPortGateway],
    ['on a port of its own', { gatewayPort: 8080 }, OwnPortGateway],
    ['on a namespace of a port of its own', { gatewayPort: 8080, namespace: '/news' }, OwnPortNewsGateway],
    ['on a namespace', { namespace: '/news' }, NewsGateway],
    ['on a namespace whose name has several parts', { namespace: '/deep/news' }, DeepNewsGateway],
    ['on a namespace that matches a pattern', { namespace: '/room-7' }, RoomsGateway],
    ['on a path', { path: '/example' }, PathGateway],
  ] as const) {
    test(where, async ({ connect }) => {
      const alice = await connect({ ...options });
      for (const data of [{ test: 'test' }, 'text', undefined]) {
        alice.emit('push', ...(data === undefined ? [] : [data]));
        await expect(alice).toReceiveExactly(['pop', { from: gateway.name, ...(data !== undefined && { data }) }]);
      }
    });
  }

  test('over polling, over WebSocket and through an upgrade', async ({ connect }) => {
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']] as const) {
      const alice = await connect({ transports: [...transports] });
      alice.emit('push', 1);
      await expect(alice).toReceiveExactly(['pop', { from: 'HttpPortGateway', data: 1 }]);
    }
  });

  test('on several namespaces of one connection', async ({ connect }) => {
    const alice = await connect();
    const news = alice.socket.io.socket('/news');
    const popped = new Promise((resolve) => {
      news.once('pop', resolve);
    });
    news.connect().emit('push', 1);
    alice.emit('push', 2);
    await expect(alice).toReceiveExactly(['pop', { from: 'HttpPortGateway', data: 2 }]);
    expect(await popped).toEqual({ from: 'NewsGateway', data: 1 });
    news.disconnect();
  });

  test('only on a namespace that a gateway serves', async ({ connect }) => {
    await expect(connect({ namespace: '/weather' })).toBeRefused();
    await expect(connect({ namespace: '/room-seven' })).toBeRefused();
  });
});

describe('@WebSocketServer()', () => {
  @WebSocketGateway()
  class ServerGateway {
    @WebSocketServer() readonly server!: Server;
  }

  @Injectable()
  class Announcer {
    constructor(
      private readonly everywhere: ServerGateway,
      private readonly news: NewsGateway,
    ) {}

    announce(text: string): void {
      this.everywhere.server.emit('announced', text);
      this.news.namespace.emit('announced', `${text} on news`);
    }
  }

  const test = realtimeTest(appOf(ServerGateway, NewsGateway, Announcer));

  test('is the server, or the namespace of a gateway that has one', async ({ app }) => {
    expect(app.get(ServerGateway).server).toBe(app.io);
    expect(app.get(ServerGateway).server).toBeInstanceOf(Server);
    expect(app.get(NewsGateway).namespace).toBe(app.io.of('/news'));
  });

  test('lets any provider emit through the injected gateway', async ({ app, connect }) => {
    const alice = await connect();
    const bob = await connect({ namespace: 'news' });
    app.get(Announcer).announce('hi');
    await expect(alice).toReceiveExactly(['announced', 'hi']);
    await expect(bob).toReceiveExactly(['announced', 'hi on news']);
  });
});

describe('gateways of several modules', () => {
  @WebSocketGateway()
  class CatsGateway {
    @SubscribeMessage('cat')
    cat(): string {
      return 'meow';
    }
  }

  @WebSocketGateway()
  class DogsGateway {
    @SubscribeMessage('dog')
    dog(): string {
      return 'woof';
    }
  }

  @Module({ providers: [CatsGateway] })
  class CatsModule {}

  @Module({ imports: [CatsModule], providers: [DogsGateway] })
  class DogsModule {}

  @Module({ imports: [DogsModule, WebsocketModule, CatsModule] })
  class ZooModule {}

  realtimeTest(ZooModule)('serve the same client', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('cat')).toBe('meow');
    expect(await alice.emitWithAck('dog')).toBe('woof');
  });
});

describe('an app with server-sent events beside its gateway', () => {
  @WebSocketGateway()
  class ShutdownGateway extends PopGateway implements OnApplicationShutdown {
    shutdowns = 0;

    onApplicationShutdown(): void {
      this.shutdowns += 1;
    }
  }

  @Controller('events')
  class EventsController {
    @Sse()
    events(): Observable<{ data: string }> {
      return NEVER.pipe(startWith({ data: 'first' }));
    }
  }

  @Module({ imports: [WebsocketModule], providers: [ShutdownGateway], controllers: [EventsController] })
  class StreamingModule {}

  plainTest('closes at once when forceCloseConnections is set', async () => {
    const app = await startTestApp(StreamingModule, { application: { forceCloseConnections: true } });
    const alice = await app.connect();
    const stream = await fetch(`${app.url}/events`);
    const reader = stream.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('first');
    alice.emit('push', 1);
    await expect(alice).toReceive('pop', { from: 'ShutdownGateway', data: 1 });
    await alice.disconnect();
    await app.nest.close();
    expect(app.get(ShutdownGateway).shutdowns).toBe(1);
    await reader.cancel().catch(() => {});
    await app.close();
  });
});
