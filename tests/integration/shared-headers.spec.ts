import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { Module } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';

@WebSocketGateway()
class HeadersGateway {
  readonly seen: Pick<Socket['request'], 'headers' | 'rawHeaders'>[] = [];

  handleConnection({ request, handshake }: Socket): void {
    this.seen.push({ headers: handshake.headers, rawHeaders: request.rawHeaders });
  }
}

@Module({ imports: [WebsocketModule], providers: [HeadersGateway] })
class AppModule {}

const test = realtimeTest(AppModule);

test('each client has the headers that it has sent, in rawHeaders too', async ({ app, connect }) => {
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
