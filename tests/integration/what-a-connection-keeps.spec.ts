import { WebsocketModule, type Server, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { ServerResponse } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { describe, onTestFinished, vi } from 'vitest';

type Middleware = (request: unknown, response: ServerResponse, next: () => void) => void;

@WebSocketGateway()
class HeadersGateway {
  @WebSocketServer() readonly server!: Server;
  readonly seen: Pick<Socket['request'], 'headers' | 'rawHeaders'>[] = [];

  handleConnection({ request, handshake }: Socket): void {
    this.seen.push({ headers: handshake.headers, rawHeaders: request.rawHeaders });
  }
}

@Module({ imports: [WebsocketModule], providers: [HeadersGateway] })
class AppModule {}

const test = realtimeTest(AppModule);

test('each client has the headers that it sent, in rawHeaders too', async ({ app, connect }) => {
  const clients = { alice: 'a secret of hers', bob: 'a secret of his' };
  for (const [name, cookie] of Object.entries(clients))
    await connect({ name, extraHeaders: { 'X-Name': name, Cookie: cookie, 'User-Agent': 'a phone' } });
  const { seen } = app.get(HeadersGateway);
  expect(seen).toMatchObject([
    { headers: { 'x-name': 'alice', cookie: 'a secret of hers', 'user-agent': 'a phone' } },
    { headers: { 'x-name': 'bob', cookie: 'a secret of his', 'user-agent': 'a phone' } },
  ]);
  for (const { headers, rawHeaders } of seen)
    expect(rawHeaders).toEqual(expect.arrayContaining(['X-Name', headers['x-name'], 'Cookie', headers.cookie]));
});

describe('the response to an upgrade', () => {
  /** Without the harness, which has a middleware of its own. */
  async function listenersForClose(...middlewares: Middleware[]): Promise<number> {
    const app = await NestFactory.create(AppModule, { logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const { server } = app.get(HeadersGateway);
    for (const middleware of middlewares) server.engine.use(middleware);
    const client = io(await app.getUrl(), { transports: ['websocket'], forceNew: true });
    onTestFinished(() => void client.disconnect());
    await new Promise<void>((resolve) => void client.on('connect', resolve));
    const [socket] = server.sockets.sockets.values();
    return socket!.request.socket.listenerCount('close');
  }

  test('is released, unless a middleware of the app may listen to it', async () => {
    const released = await listenersForClose();
    expect(await listenersForClose((_request, _response, next) => next())).toBe(released + 1);
  });

  test('tells a middleware of the app that the connection has closed', async ({ app, connect }) => {
    const onClose = vi.fn();
    app.io.engine.use(((_request, response, next) => {
      response.on('close', onClose);
      next();
    }) satisfies Middleware);
    const client = await connect();
    expect(onClose).not.toHaveBeenCalled();
    await client.disconnect();
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  });
});
