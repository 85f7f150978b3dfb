import { Logger } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { EventsGateway } from 'nest-realtime-kit';
import type { Server, Socket } from 'nest-realtime-kit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WEBSOCKET_OPTIONS } from '../../../src/websocket/websocket.module-definition.js';

class ChatGateway extends EventsGateway {}

const client = {
  id: 'abc',
  nsp: { name: '/chat' },
  conn: { transport: { name: 'polling' } },
  handshake: { address: '10.0.0.1', issued: 1_000 },
} as Socket;

const logged: unknown[][] = [];
const recorder = Object.fromEntries(
  ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [
    level,
    (...args: unknown[]) => logged.push([level, ...args]),
  ]),
) as unknown as LoggerService;

async function createGateway<T extends EventsGateway>(type: new () => T, logDetails: boolean): Promise<T> {
  const module = await Test.createTestingModule({
    providers: [type, { provide: WEBSOCKET_OPTIONS, useValue: { server: {}, redis: undefined, logDetails } }],
  })
    .setLogger(recorder)
    .compile();
  logged.length = 0;
  return module.get(type);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 3_500, toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(false);
});

describe('EventsGateway logs, at level "log" and under its class name,', () => {
  test('its initialisation', async () => {
    const gateway = await createGateway(EventsGateway, true);
    gateway.afterInit({} as Server);
    expect(logged).toEqual([['log', 'WebSocket Gateway initialized', 'EventsGateway']]);
  });

  test('a client that connects', async () => {
    const gateway = await createGateway(EventsGateway, true);
    gateway.handleConnection(client);
    expect(logged).toEqual([
      [
        'log',
        'Client connected: abc',
        { namespace: '/chat', transport: 'polling', address: '10.0.0.1' },
        'EventsGateway',
      ],
    ]);
  });

  test('a client that disconnects, why, and after how long', async () => {
    const gateway = await createGateway(EventsGateway, true);
    gateway.handleDisconnect(client, 'transport close');
    expect(logged).toEqual([
      [
        'log',
        'Client disconnected: abc',
        {
          namespace: '/chat',
          transport: 'polling',
          address: '10.0.0.1',
          reason: 'transport close',
          durationMs: 2_500,
        },
        'EventsGateway',
      ],
    ]);
  });

  test('no details when they are turned off', async () => {
    const gateway = await createGateway(EventsGateway, false);
    gateway.handleConnection(client);
    gateway.handleDisconnect(client, 'transport close');
    expect(logged).toEqual([
      ['log', 'Client connected: abc', 'EventsGateway'],
      ['log', 'Client disconnected: abc', 'EventsGateway'],
    ]);
  });

  test('the same for a gateway that extends it, under that name', async () => {
    const gateway = await createGateway(ChatGateway, false);
    gateway.afterInit({} as Server);
    gateway.handleConnection(client);
    expect(logged).toEqual([
      ['log', 'WebSocket Gateway initialized', 'ChatGateway'],
      ['log', 'Client connected: abc', 'ChatGateway'],
    ]);
  });
});
