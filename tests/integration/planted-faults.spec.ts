import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestApp, type ConnectOptions, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';
import { faults, roomModule, type Fault } from './support/faulty-gateway.js';

type Transports = NonNullable<ConnectOptions['transports']>;

const source = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');

/** The line of this file at which an error was thrown. */
function lineOf({ stack = '' }: Error): string | undefined {
  const [, line] = /planted-faults\.spec\.ts:(\d+)/.exec(stack) ?? [];
  return source[Number(line) - 1];
}

/** What a user would write to test this gateway: all of it in one, so that every fault meets every statement. */
async function exercise(app: TestApp, transports: Transports): Promise<void> {
  const [alice, bob, carol] = await app.connect(3, { transports });
  const reader = await app.connect({ transports, namespace: '/news' });
  const everybody = [alice, bob, carol];

  for (const client of everybody) {
    await expect(app).toHaveLogged(`Client connected: ${client.id}`, { by: client, event: 'connection' });
    await expect(client).toReceiveExactly(['welcome']);
  }
  await expect(app).not.toHaveLogged(/auth/);

  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  await expect(bob).toBeInRoom('lobby');
  await expect(bob).toBeInRooms(['lobby']);
  await expect(bob).not.toBeInRooms(['lobby', 'attic']);
  await expect(carol).not.toBeInRoom('lobby');

  const said = ['said', 'hi', 1, expect.objectContaining({ mood: 'good' }), Buffer.from([1, 2, 3])] as const;
  alice.emit('say', 'hi');
  await expect(bob).toReceive(...said);
  for (const client of [...everybody, reader]) await expect(client).not.toReceive('said');

  bob.emit('tick');
  await expect(bob).toReceiveTimes(2, 'tick');
  carol.emit('count');
  await expect(carol).toReceiveInOrder(['number', 1], ['number', 2], ['number', 3]);
  carol.emit('count');
  await expect(carol).toReceiveExactly(['number', 1], ['number', 2], ['number', 3]);

  alice.emit('whisper', bob.id);
  await expect([bob]).toBeAllWhoReceive('whispered');
  carol.emit('announce');
  await expect(app.namespace('/')).toBeAllWhoReceive('announced');

  const asking = alice.emitWithAck('ask', 'why');
  await expect(asking).not.toRaiseException();
  await expect(asking).toBeAcked('yes');
  await expect(app).toHaveLogged('Asked', {
    level: 'warn',
    context: 'RoomGateway',
    params: [{ question: 'why' }],
    by: alice,
    event: 'ask',
  });
  await expect(alice.emitWithAck('hint')).not.toBeAcked();
  await expect(alice.emitWithAck('fail')).toRaiseException('not allowed');
  for (const client of everybody) await expect(client).not.toReceive('exception');
  await expect(app).not.toHaveLoggedErrors();

  const banned = app.connect({ transports, auth: { banned: true } });
  await expect(banned).toBeRefused('banned', { stage: 'namespace', data: { until: 'noon' } });
  await expect(app.connect({ transports, namespace: '/cellar' })).toBeRefused('Invalid namespace');

  await bob.emitWithAck('leave', 'lobby');
  await expect(bob).not.toBeInRoom('lobby');
  alice.emit('kick', bob.id);
  await expect(bob).toBeDisconnected('io server disconnect', { server: 'server namespace disconnect' });
  await expect(app).toHaveLogged(`Client disconnected: ${bob.id}`, { by: bob, event: 'disconnect' });
  await expect(carol).toBeConnected();
  await carol.disconnect();
  expect(app.logs.entries.map(({ message }) => message)).toContain(`Client disconnected: ${carol.id}`);
}

describe.for([
  ['websocket', ['websocket']],
  ['polling', ['polling']],
  ['an upgrade', ['polling', 'websocket']],
] as [string, Transports][])('over %s', ([, transports]) => {
  test.concurrent('a gateway without a fault is not accused', async () => {
    await using app = await startTestApp(roomModule('none'), { errorLogs: 'fail' });
    await exercise(app, transports);
  });

  test.concurrent.for(Object.entries(faults) as [Fault, string][])('%s is caught by %s', async ([fault, matcher]) => {
    await using app = await startTestApp(roomModule(fault), { timeout: 800 });
    const failure: unknown = await exercise(app, transports).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(lineOf(failure as Error), String(failure)).toContain(`${matcher}(`);
  });
});
