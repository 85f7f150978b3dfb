import { Module } from '@nestjs/common';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type WsResponse,
} from '@nestjs/websockets';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type AppModule } from 'nest-realtime-kit/testing';
import type { Socket } from 'socket.io';
import { describe, expect } from 'vitest';
import { Endpoint } from './support/protocol/endpoint.js';
import { engineIoCases } from './support/protocol/engine-io-cases.js';
import { protocolCase } from './support/protocol/protocol-case.js';
import { protocolServers } from './support/protocol/protocol-servers.js';
import { RawSocket } from './support/protocol/raw-socket.js';

/** Written as Nest's docs write a gateway. */
class MessagesGateway implements OnGatewayConnection {
  handleConnection(client: Socket): void {
    client.emit('auth', client.handshake.auth);
  }

  @SubscribeMessage('message')
  onMessage(@MessageBody() data: unknown): WsResponse {
    return { event: 'message-back', data };
  }

  @SubscribeMessage('message-with-ack')
  onMessageWithAck(@MessageBody() data: unknown): unknown {
    return data;
  }
}

@WebSocketGateway()
class MainGateway extends MessagesGateway {}

@WebSocketGateway({ namespace: 'custom' })
class CustomGateway extends MessagesGateway {}

function messagesModuleWith(options: WebsocketOptions): AppModule {
  @Module({
    imports: [WebsocketModule.forRoot(options)],
    providers: [MainGateway, CustomGateway],
  })
  class MessagesModule {}
  return MessagesModule;
}

const servers = protocolServers(messagesModuleWith);

/** A connection that has joined no namespace. */
function connect(): Promise<RawSocket> {
  return RawSocket.open(servers.calm.webSocketUrl({}));
}

/** A connection that has joined the main namespace. */
async function join(): Promise<RawSocket> {
  const socket = await connect();
  socket.send('40');
  await socket.next();
  await socket.next();
  return socket;
}

async function beRefused(socket: RawSocket): Promise<void> {
  socket.send('40/random');
  expect(await socket.next()).toBe('44/random,{"message":"Invalid namespace"}');
}

engineIoCases(servers, beRefused);

describe('connect', () => {
  for (const [namespace, prefix] of [
    ['the main namespace', ''],
    ['another namespace', '/custom,'],
  ] as const) {
    for (const [kind, payload, auth] of [
      ['without credentials', '', '{}'],
      ['with credentials', '{"token":"secret"}', '{"token":"secret"}'],
    ] as const) {
      protocolCase(`lets a client into ${namespace}, ${kind}`, async () => {
        await using socket = await connect();
        socket.send(`40${prefix}${payload}`);
        const packet = (await socket.next()) as string;
        expect(packet).toMatch(`40${prefix}{`);
        expect(JSON.parse(packet.slice(2 + prefix.length))).toEqual({ sid: expect.any(String) });
        expect(await socket.next()).toBe(`42${prefix}["auth",${auth}]`);
      });
    }
  }

  protocolCase('refuses an unknown namespace', async () => {
    await using socket = await connect();
    await beRefused(socket);
  });

  protocolCase('closes the connection when it is not a valid packet', async () => {
    await using socket = await connect();
    socket.send('4abc');
    await socket.closed;
  });

  protocolCase('closes the connection when it does not come in time', async () => {
    await using app = await startTestApp(messagesModuleWith({ connectTimeout: 300 }));
    const server = new Endpoint(app);
    await using socket = await RawSocket.open(server.webSocketUrl({}));
    expect(await server.closing(socket.sid)).toBe('forced close');
    await socket.closed;
  });
});

describe('disconnect', () => {
  protocolCase('leaves the main namespace, and keeps the connection open', async () => {
    await using socket = await join();
    socket.send('41');
    await beRefused(socket);
  });

  protocolCase('leaves another namespace, and keeps the main namespace joined', async () => {
    await using socket = await join();
    socket.send('40/custom');
    expect(await socket.next()).toMatch('40/custom,{');
    expect(await socket.next()).toBe('42/custom,["auth",{}]');
    socket.send('41/custom', '42["message","to the main namespace"]');
    expect(await socket.next()).toBe('42["message-back","to the main namespace"]');
  });
});

describe('message', () => {
  const text = '7,"seven",{"list":[true,null]}';
  const places = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
  const bytes = [Buffer.of(1, 2, 3), Buffer.of(4, 5, 6)] as const;

  protocolCase('carries text in both directions', async () => {
    await using socket = await join();
    socket.send(`42["message",${text}]`);
    expect(await socket.next()).toBe(`42["message-back",${text}]`);
  });

  protocolCase('carries bytes in both directions', async () => {
    await using socket = await join();
    socket.send(`452-["message",${places}]`, ...bytes);
    expect(await socket.next()).toBe(`452-["message-back",${places}]`);
    for (const attachment of bytes) expect(await socket.next()).toEqual(attachment);
  });

  protocolCase('carries text, and the ack returns it', async () => {
    await using socket = await join();
    socket.send(`42456["message-with-ack",${text}]`);
    expect(await socket.next()).toBe(`43456[${text}]`);
  });

  protocolCase('carries bytes, and the ack returns them', async () => {
    await using socket = await join();
    socket.send(`452-789["message-with-ack",${places}]`, ...bytes);
    expect(await socket.next()).toBe(`462-789[${places}]`);
    for (const attachment of bytes) expect(await socket.next()).toEqual(attachment);
  });

  for (const [what, packet] of [
    ['of an unknown type', '4abc'],
    ['with a payload that is not a list', '42{}'],
    ['with an ack id that is not a number', '42abc["message-with-ack",1]'],
  ] as const) {
    protocolCase(`${what} closes the connection`, async () => {
      await using socket = await join();
      socket.send(packet);
      await socket.closed;
    });
  }
});
