import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestApp, worlds, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import * as msgpack from 'socket.io-msgpack-parser';
import { describe, test } from 'vitest';
import { faults, roomModule, type Fault } from './support/faulty-gateway.js';

const source = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');

/** The line of this file at which an error was thrown. */
function lineOf({ stack = '' }: Error): string | undefined {
  const [, line] = /planted-faults\.spec\.ts:(\d+)/.exec(stack) ?? [];
  return source[Number(line) - 1];
}

/** What the failure says outright, of faults that could be taken for others. */
const told: Partial<Record<Fault, string>> = {
  'no ack': 'was handled in # ms, without an ack',
  'held by the middleware': 'is held by a socket.use middleware, and no handler has run',
  'refused at the handshake': 'was refused by the handshake, and not refused by the namespace',
  'kicked for another reason': 'but:\n    client-2 is gone: transport close (the server says: forced close)',
  'somebody else in the room': `client-3 is in room 'lobby', which it joined at # ms, caused by client-1's "join"`,
  'logged at another level': 'at level "log", and not "warn"\n      with the parameters expected',
  'logged in another context': 'in another context',
  'said with arguments in another order': 'client-2 got "said" with these arguments in another order',
  'told in another order': '"number" (3) came before "number" (2), and not after it',
  'whispered to another one too': 'Expected client-2, and nobody else, to receive "whispered"',
};

/** What a user would write to test this gateway: all of it in one, so that every fault meets every statement. */
async function exercise(app: TestApp): Promise<void> {
  const [alice, bob, carol] = await app.connect(3, { on: { ballot: (vote: (choice: string) => void) => vote('yes') } });
  const reader = await app.connect({ namespace: '/news' });
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
  carol.emit('remark');
  await expect(app.room('lobby')).toBeAllWhoReceive('remarked');
  alice.emit('stream');
  await expect(alice).toReceiveInOrder(['part', 1], ['part', 2], ['part', 3]);
  await expect(alice).not.toReceive('part');

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
  await expect(alice.emitWithAck('vote')).toBeAcked(2);
  await expect(alice.emitWithAck('hint')).not.toBeAcked();
  await expect(alice.emitWithAck('fail')).toRaiseException('not allowed');
  app.allowRefusals('secret');
  alice.emit('secret');
  await expect(alice).not.toReceive('told');
  await expect(alice.emitWithAck('rename', 'Alice')).toBeAcked('Alice');
  await expect(alice.emitWithAck('rename', 5)).toRaiseException('a name is a text');
  await expect(carol.emitWithAck('rename', 'Carol')).toRaiseException('Forbidden resource');
  for (const client of everybody) await expect(client).not.toReceive('exception');
  await expect(app).not.toHaveLoggedErrors();

  const banned = app.connect({ auth: { banned: true }, extraHeaders: { 'x-banned': 'yes' } });
  await expect(banned).toBeRefused('banned', { stage: 'namespace', data: { until: 'noon' } });
  await expect(app.connect({ namespace: '/cellar' })).toBeRefused('Invalid namespace');

  await bob.emitWithAck('leave', 'lobby');
  await expect(bob).not.toBeInRoom('lobby');
  await expect(bob).toBeInRooms([]);
  await expect(alice).toBeInRoom('lobby');
  alice.emit('kick', bob.id);
  await expect(bob).toBeDisconnected('io server disconnect', { server: 'server namespace disconnect' });
  await expect(app).toHaveLogged(`Client disconnected: ${bob.id}`, { by: bob, event: 'disconnect' });
  for (const client of [alice, carol, reader]) await expect(client).toBeConnected();
  await expect([alice, carol]).toBeAllWhoReceive('left', bob.id);
  for (const client of [alice, carol]) await expect(client).not.toReceive('left');
  await carol.disconnect();
  expect(app.logs.entries.map(({ message }) => message)).toContain(`Client disconnected: ${carol.id}`);
  await expect(app).not.toHaveLogged(/auth/);
  await expect(app).not.toHaveLoggedErrors();
}

const everyWorld = worlds({
  transports: ['websocket', 'polling', 'upgrade'],
  parsers: { 'default parser': undefined, msgpack },
  recovery: [false, true],
});
/** By `WORLDS=whole` every fault in every world, and a thousand runs without one; else each fault in one of the worlds. */
const isWhole = process.env['WORLDS'] === 'whole';
const runs = Array.from({ length: isWhole ? 84 : 1 }, (_, run) => run + 1);
const everyFault = Object.entries(faults) as [Fault, string][];

describe.concurrent.each(everyWorld.map((world, place) => ({ ...world, place })))(
  'over $name',
  ({ options, place }) => {
    test.concurrent.for(runs)('a gateway without a fault passes every assertion, run %i', async () => {
      await using app = await startTestApp(roomModule('none'), { ...options, errorLogs: 'fail', refusals: 'fail' });
      await exercise(app);
    });

    const isHere = (_: unknown, index: number): boolean => isWhole || index % everyWorld.length === place;
    test.concurrent.for(everyFault.filter(isHere))('the fault "%s" is caught by %s', async ([fault, matcher]) => {
      await using app = await startTestApp(roomModule(fault), { ...options, timeout: 1_600 });
      const failure: unknown = await exercise(app).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Error);
      expect(lineOf(failure as Error), String(failure)).toContain(`${matcher}(`);
      expect(String(failure).replace(/[\d.]+ ms/g, '# ms')).toContain(told[fault] ?? '');
    });
  },
);
