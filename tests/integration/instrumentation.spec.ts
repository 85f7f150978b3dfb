import { Module } from '@nestjs/common';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import type { Server, Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import wildcard from 'socketio-wildcard';
import { beforeAll, describe, expect, test } from 'vitest';
import { startCommanded, type CommandedProcess } from '../support/commanded-process.js';
import { startCollector, type Trace } from './support/instrumentation/collector.js';

interface Connection extends AsyncDisposable {
  readonly client: Client;
}

async function connect(url: string): Promise<Connection> {
  const client = io(url, { forceNew: true, reconnection: false });
  await connected(client);
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await Promise.resolve();
    },
  };
}

function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
}

/** Resolves when the server has answered each of the chat's three messages. */
async function chat(client: Client): Promise<void> {
  expect(await client.timeout(2_000).emitWithAck('say', 'hi')).toBe('said hi');
  const whispered = received(client, 'whispered');
  client.emit('whisper', 'psst');
  expect(await whispered).toBe('psst');
  const announced = received(client, 'announced');
  client.emit('announce', 'hear');
  expect(await announced).toBe('hear');
}

function received(client: Client, event: string): Promise<unknown> {
  return new Promise((resolve) => {
    client.once(event, resolve);
  });
}

/** Starts the chat in a process that an instrumentation patches before Nest is loaded. */
function startInstrumented(script: string, env: Record<string, string> = {}): Promise<CommandedProcess> {
  return startCommanded(new URL(`support/instrumentation/${script}`, import.meta.url), [], env);
}

/** Where the process serves its apps, by how they are served. */
function urlsOf({ greeting }: CommandedProcess): [servedBy: string, url: string][] {
  return Object.entries(greeting as Record<string, string>);
}

const kinds = ['plain Nest', 'WebsocketModule'];

/** A process that loads Nest takes its time on a machine that has much to do. */
const STARTS_WITHIN = 30_000;

describe("OpenTelemetry's instrumentation of Socket.IO", () => {
  const spans = new Map<string, unknown>();

  beforeAll(async () => {
    await using server = await startInstrumented('opentelemetry.js');
    for (const [servedBy, url] of urlsOf(server)) {
      await using connection = await connect(url);
      await connection.client.emitWithAck('typing');
      await chat(connection.client);
      spans.set(servedBy, await server.ask('recorded'));
    }
  }, STARTS_WITHIN);

  test.each(kinds)('records a span for a connection, on %s', (servedBy) => {
    expect(spans.get(servedBy)).toContain('CONSUMER connection');
  });

  test.each(kinds)('records a receive span for an event that socket.on listens to, on %s', (servedBy) => {
    expect(spans.get(servedBy)).toContain('CONSUMER typing');
  });

  test.each(kinds)('records a send span for an event that a handler returns, on %s', (servedBy) => {
    expect(spans.get(servedBy)).toContain('PRODUCER whispered');
  });

  test.each(kinds)('records a send span for a broadcast, on %s', (servedBy) => {
    expect(spans.get(servedBy)).toContain('PRODUCER announced');
  });

  // It patches `on`; RxJS, by which Nest listens, calls `addListener`.
  test('records no receive span for a handler of @SubscribeMessage on plain Nest', () => {
    expect(spans.get('plain Nest')).not.toContain('CONSUMER say');
  });
});

describe('NestJS Observe', () => {
  const traces = new Map<string, readonly Trace[]>();

  beforeAll(async () => {
    await using collector = await startCollector();
    await using server = await startInstrumented('observe.js', { COLLECTOR_URL: collector.url });
    for (const [servedBy, url] of urlsOf(server)) {
      await using connection = await connect(url);
      await chat(connection.client);
      // The trace of a request comes behind those of the messages before it.
      await fetch(`${url}/health`);
      traces.set(servedBy, await collector.tracesUntil('http', servedBy));
    }
  }, STARTS_WITHIN);

  test.each(kinds)('traces every message that @SubscribeMessage handles, on %s', (servedBy) => {
    expect(traces.get(servedBy)?.map(({ p, op }) => `${p} ${op}`)).toEqual([
      'ws ChatGateway:say',
      'ws ChatGateway:whisper',
      'ws ChatGateway:announce',
    ]);
  });
});

describe.each(kinds)('socketio-wildcard, on %s', (servedBy) => {
  class Heard {
    readonly packets: unknown[] = [];
  }

  @WebSocketGateway()
  class WildcardGateway implements OnGatewayInit<Server>, OnGatewayConnection<Socket> {
    constructor(private readonly heard: Heard) {}

    afterInit(server: Server): void {
      server.use(wildcard());
    }

    handleConnection(client: Socket): void {
      client.on('*', ({ data }: { data: unknown[] }) => {
        this.heard.packets.push(data.filter((part) => typeof part !== 'function'));
      });
      client.on('raw', (ack: (answer: string) => void) => {
        ack('heard by socket.on');
      });
    }

    @SubscribeMessage('say')
    say(@MessageBody() text: string): string {
      return `said ${text}`;
    }

    @SubscribeMessage('whisper')
    whisper(@MessageBody() text: string): { event: string; data: string } {
      return { event: 'whispered', data: text };
    }
  }

  @Module({
    imports: servedBy === 'WebsocketModule' ? [WebsocketModule] : [],
    providers: [Heard, WildcardGateway],
  })
  class WildcardModule {}

  const start = (): Promise<TestApp> => startTestApp(WildcardModule as AppModule);

  test('hears every event, with or without a handler', async () => {
    await using app = await start();
    await using connection = await connect(app.url);
    const { client } = connection;
    client.emit('nobody handles this', 1, 2);
    client.emit('whisper', 'psst');
    await client.timeout(2_000).emitWithAck('raw');
    expect(app.get(Heard).packets).toEqual([['nobody handles this', 1, 2], ['whisper', 'psst'], ['raw']]);
  });

  test('leaves an ack to the handler of @SubscribeMessage', async () => {
    await using app = await start();
    await using connection = await connect(app.url);
    expect(await connection.client.timeout(2_000).emitWithAck('say', 'hi')).toBe('said hi');
    expect(app.get(Heard).packets).toEqual([['say', 'hi']]);
  });

  test('leaves an event without an ack to the handler of @SubscribeMessage', async () => {
    await using app = await start();
    await using connection = await connect(app.url);
    connection.client.emit('whisper', 'psst');
    expect(await received(connection.client, 'whispered')).toBe('psst');
  });
});
