import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Module, Scope } from '@nestjs/common';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { assertThat, readCoverage, startTestApp, startTestCluster, type Coverage } from 'nest-realtime-kit/testing';
import type { Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { OrdersModule } from './support/coverage-cases/orders.js';
import { test } from './support/redis.js';

/** It answers by itself, not at all, and with errors. */
@WebSocketGateway()
class QueueGateway {
  handleConnection(client: Socket): void {
    client.use(([event], next) => next(event === 'close' ? new Error('forbidden') : undefined));
  }

  @SubscribeMessage('wait')
  wait(@Ack() _admit: () => void): void {}

  @SubscribeMessage('leave')
  leave(@MessageBody() place: number): void {
    if (place < 0) throw new WsException('no such place');
  }

  @SubscribeMessage('close')
  close(): string {
    return 'closed';
  }
}

@Module({ imports: [WebsocketModule], providers: [QueueGateway] })
class QueueModule {}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coverage-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function runNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env } };
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe('contract coverage of a Vitest run', () => {
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const config = fileURLToPath(new URL('support/coverage-cases/vitest.config.ts', import.meta.url));

  function run(options: object, ...args: string[]): Promise<Outcome> {
    const OPTIONS = JSON.stringify({ outputFile: join(directory, 'coverage.json'), ...options });
    return runNode([vitest, 'run', '--config', config, ...args], { OPTIONS });
  }

  test('reports the handlers, acks and events of every file, worker and project in a table and in JSON', async () => {
    const { code, stdout, stderr } = await run({ threshold: { handlers: 42, events: 33 } });
    expect(stdout.trim()).toBe(
      `
Contract coverage of 6 apps

EventsGateway on /
  no handlers, no events

LobbyGateway on /
  handlers
    ✗ place  never

OrdersGateway on /orders
  handlers
    ✗ audit   never  ✗ ack never asked for
    ✗ cancel  never  ✗ ack never asked for
    ✓ place   2×     ✓ ack 2×
    ✓ ship    2×     ✗ ack never asked for
    ✗ track   never
  events
    ✗ cancelled  never
    ✓ placed     2×
    ✗ tracked    never

StatisticsGateway on /orders
  handlers
    ✓ place  2×

Events that no gateway's code names
  ✓ shipped on /orders  2×

Denied, and never seen
  event "plcaed": no app emitted it. Was "placed" meant?

Refusals, by stage
  ✓ namespace  2×
  ✓ gateway    2×
  ✗ never: handshake

Disconnections, by reason
  ✓ client namespace disconnect  6×
  ✓ server namespace disconnect  2×
  ✗ never: transport close, transport error, ping timeout, parse error, forced close,
           server shutting down, forced server close

Covered
  handlers   42 %  3 of 7  received their event
  acks       25 %  1 of 4  were given, of the handlers that return a value or take @Ack()
  events     33 %  1 of 3  reached a client, of those that the gateways' code names

As JSON: ${join(directory, 'coverage.json')}
`.trim(),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(readFileSync(join(directory, 'coverage.json'), 'utf8')) as Coverage;
    expect(report).toMatchObject({ apps: 6, totals: { handlers: { covered: 3, declared: 7, percent: 42 } } });
    expect(report.gateways.map(({ name }) => name)).toContain('StatisticsGateway');
  }, 120_000);

  test('fails below a threshold and on vacuous negatives, and names both', async () => {
    const options = { threshold: { handlers: 40, acks: 50 }, vacuousNegatives: 'fail' };
    const { code, stdout, stderr } = await run(options, 'placing');
    expect(code).toBe(1);
    expect(stdout).toContain('Contract coverage of 4 apps');
    expect(stderr.trim()).toBe(
      'Contract coverage is too low: 1 of 4 acks (25 %), required are 50 %. ' +
        'Missing: OrdersGateway "audit", OrdersGateway "cancel", OrdersGateway "ship"\n' +
        'Denied, and never seen: event "plcaed": no app emitted it. Was "placed" meant?',
    );
  }, 120_000);

  test('passes with a note when no app was started', async () => {
    const { code, stdout, stderr } = await run({ threshold: 100 }, 'nothing');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toBe('Contract coverage: no app was started and closed by startTestApp or realtimeTest.');
  }, 120_000);
});

test('contract coverage works in a Node process without a test runner', async () => {
  const script = fileURLToPath(new URL('support/coverage-of-node.js', import.meta.url));
  const { code, stdout, stderr } = await runNode([script], { REALTIME_COVERAGE_DIR: directory });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Contract coverage of 2 apps');
  expect(stdout).toMatch(
    /EchoGateway on \/\n {2}handlers\n {4}✓ echo {2}2× {2}✓ ack 2×\n {2}events\n {4}✓ echoed {2}2×\n/,
  );
  expect(stdout).toMatch(/\n0\n$/);
});

describe('contract coverage of an app in this process', () => {
  let before: string | undefined;

  beforeEach(() => {
    before = process.env.REALTIME_COVERAGE_DIR;
    process.env.REALTIME_COVERAGE_DIR = directory;
  });

  afterEach(() => {
    if (before === undefined) delete process.env.REALTIME_COVERAGE_DIR;
    else process.env.REALTIME_COVERAGE_DIR = before;
  });

  function handlersOf(gateway: string): Record<string, Coverage['gateways'][number]['handlers'][number]> {
    const { gateways } = readCoverage(directory);
    const handlers = gateways.find(({ name }) => name === gateway)?.handlers ?? [];
    return Object.fromEntries(handlers.map((handler) => [handler.event, handler]));
  }

  function received(gateway: string): Record<string, number> {
    return Object.fromEntries(Object.values(handlersOf(gateway)).map(({ event, received: times }) => [event, times]));
  }

  test('counts clients of one name separately by their namespace', async () => {
    await using app = await startTestApp(OrdersModule);
    const inLobby = await app.connect({ name: 'alice' });
    const inOrders = await app.connect({ name: 'alice', namespace: 'orders' });
    inLobby.emit('place', 'a book');
    await inOrders.emitWithAck('cancel', 1);
    await app.settle();
    await app.close();
    expect(received('LobbyGateway')).toEqual({ place: 1 });
    expect(received('StatisticsGateway')).toEqual({ place: 0 });
    expect(received('OrdersGateway')).toMatchObject({ place: 0, cancel: 1 });
  });

  test('counts an ack that was requested and did not come', async () => {
    await using app = await startTestApp(QueueModule);
    const client = await app.connect();
    await assertThat(client.emitWithAck('wait')).not.toBeAcked();
    await app.close();
    expect(handlersOf('QueueGateway')).toMatchObject({
      wait: { received: 1, answers: true, asked: 1, acked: 0, failed: 0 },
    });
  });

  test('counts an empty ack as acked, and an error ack as failed, also from a middleware', async () => {
    await using app = await startTestApp(QueueModule);
    const client = await app.connect();
    await client.emitWithAck('leave', 1);
    await assertThat(client.emitWithAck('leave', -1)).toRaiseException('no such place');
    await assertThat(client.emitWithAck('close')).toRaiseException('forbidden');
    await app.close();
    expect(handlersOf('QueueGateway')).toMatchObject({
      leave: { received: 2, answers: false, asked: 2, acked: 1, failed: 1 },
      close: { received: 0, answers: true, asked: 0, acked: 0, failed: 1 },
    });
  });

  test('includes clients that other code opened, and an app that does not close cleanly', async () => {
    const app = await startTestApp(OrdersModule);
    const foreign = io(`${app.url}/orders`, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
    });
    await foreign.emitWithAck('ship');
    await expect(app.close()).rejects.toThrow('did not close cleanly');
    expect(received('OrdersGateway')).toMatchObject({ ship: 1 });
    expect(readCoverage(directory)).toMatchObject({
      otherEvents: [{ namespace: '/orders', event: 'shipped', delivered: 1 }],
      disconnects: { 'server namespace disconnect': 1 },
    });
  });

  test('counts an event of a cluster on the node that handles it', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(OrdersModule, { redis: { url: redisUrl } });
    const clients = await Promise.all(
      [0, 1].map((node) => cluster.connect({ name: `of ${node}`, node, namespace: 'orders' })),
    );
    await clients[0]!.emitWithAck('place', 'a book');
    await cluster.settle();
    await cluster.close();
    expect(received('OrdersGateway')).toMatchObject({ place: 1 });
    const { apps, gateways, disconnects } = readCoverage(directory);
    expect(apps).toBe(2);
    expect(disconnects).toMatchObject({ 'client namespace disconnect': 2 });
    expect(gateways.find(({ name }) => name === 'OrdersGateway')?.events).toContainEqual({
      event: 'placed',
      delivered: 2,
    });
  });

  test('is not collected without REALTIME_COVERAGE_DIR', async () => {
    delete process.env.REALTIME_COVERAGE_DIR;
    await using app = await startTestApp(OrdersModule);
    await app.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('includes inherited handlers and request-scoped gateways, and counts a gateway of two modules once', async () => {
    class Base {
      @SubscribeMessage('inherited')
      inherited(client: Socket): void {
        client.emit('from base');
      }
    }
    @WebSocketGateway()
    class SharedGateway extends Base {}
    @WebSocketGateway()
    class ScopedGateway extends Base {}
    const scoped = { provide: ScopedGateway, useClass: ScopedGateway, scope: Scope.REQUEST };
    @Module({ providers: [SharedGateway] })
    class OtherModule {}
    @Module({ imports: [WebsocketModule, OtherModule], providers: [SharedGateway, scoped] })
    class AppModule {}

    await using app = await startTestApp(AppModule);
    const client = await app.connect();
    client.emit('inherited');
    await app.settle();
    await app.close();
    const { gateways } = readCoverage(directory);
    expect(gateways.map(({ name }) => name)).toEqual(['EventsGateway', 'ScopedGateway', 'SharedGateway']);
    expect(received('SharedGateway')).toEqual({ inherited: 1 });
    expect(received('ScopedGateway')).toEqual({ inherited: 1 });
    expect(gateways[2]?.events).toEqual([{ event: 'from base', delivered: 3 }]);
  });
});
