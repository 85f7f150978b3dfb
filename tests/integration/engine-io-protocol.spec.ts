import { Module } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import type { AppModule } from 'nest-realtime-kit/testing';
import type { Server } from 'socket.io';
import { describe, expect } from 'vitest';
import { engineIoCases } from './support/protocol/engine-io-cases.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { protocolCase } from './support/protocol/protocol-case.js';
import { protocolServers } from './support/protocol/protocol-servers.js';
import { RawSocket } from './support/protocol/raw-socket.js';
import { silentParser } from './support/protocol/silent-parser.js';

/** Sends every Engine.IO message back, below Socket.IO. */
@WebSocketGateway()
class EchoGateway {
  afterInit(server: Server): void {
    server.engine.on('connection', (connection: EngineConnection) => {
      connection.on('data', (data) => {
        connection.send(data);
      });
    });
  }
}

interface EngineConnection {
  on(event: 'data', listener: (data: string | Buffer) => void): void;
  send(data: string | Buffer): void;
}

function echoModuleWith(options: WebsocketOptions): AppModule {
  @Module({
    imports: [WebsocketModule.forRoot({ ...options, path: '/engine.io', parser: silentParser })],
    providers: [EchoGateway],
  })
  class EchoModule {}
  return EchoModule;
}

const servers = protocolServers(echoModuleWith);

async function exchange(socket: RawSocket): Promise<void> {
  socket.send('4hello');
  expect(await socket.next()).toBe('4hello');
}

engineIoCases(servers, exchange);

describe('message by HTTP long-polling', () => {
  for (const [kind, payload] of [
    ['a text', '4hello'],
    ['several texts', '4one\x1e4two\x1e4three'],
    ['texts and bytes', '4hello\x1ebAQIDBA=='],
  ] as const) {
    protocolCase(`carries ${kind} in both directions`, async () => {
      const session = await PollingSession.open(servers.calm);
      expect(await session.post(payload)).toEqual({ status: 200, body: 'ok' });
      expect(await session.poll()).toEqual({ status: 200, body: payload });
    });
  }

  protocolCase('closes the session when it is not a valid packet', async () => {
    const session = await PollingSession.open(servers.calm);
    const closing = servers.calm.closing(session.sid);
    await session.post('abc');
    expect(await closing).toBe('parse error');
    expect((await session.poll()).status).toBe(400);
  });

  protocolCase('closes the session when a second request polls at the same time', async () => {
    const session = await PollingSession.open(servers.calm);
    const { reply } = await session.pollInBackground();
    expect((await session.poll()).status).toBe(400);
    expect(await reply).toEqual({ status: 200, body: '1' });
    expect((await session.poll()).status).toBe(400);
  });

  protocolCase('closes the session when the client aborts the request that polls', async () => {
    const session = await PollingSession.open(servers.calm);
    const closing = servers.calm.closing(session.sid);
    const giveUp = new AbortController();
    const { reply } = await session.pollInBackground({ signal: giveUp.signal });
    giveUp.abort();
    await expect(reply).rejects.toThrow('aborted');
    await closing;
    expect((await session.poll()).status).toBe(400);
  });
});

describe('message by WebSocket', () => {
  protocolCase('carries a text in both directions', async () => {
    await using socket = await RawSocket.open(servers.calm.webSocketUrl({}));
    socket.send('4hello');
    expect(await socket.next()).toBe('4hello');
  });

  protocolCase('carries bytes in both directions', async () => {
    await using socket = await RawSocket.open(servers.calm.webSocketUrl({}));
    socket.send(Uint8Array.of(1, 2, 3, 4));
    expect(await socket.next()).toEqual(Buffer.of(1, 2, 3, 4));
  });

  protocolCase('closes the session when it is not a valid packet', async () => {
    await using socket = await RawSocket.open(servers.calm.webSocketUrl({}));
    const closing = servers.calm.closing(socket.sid);
    socket.send('abc');
    expect(await closing).toBe('parse error');
    await socket.closed;
  });
});
