import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp(ChatModule);
});

afterEach(() => app.close());

test('a client is answered', async () => {
  const alice = await app.connect({ namespace: 'chat' });
  assert.equal(await alice.emitWithAck('join', 'lobby'), 'lobby');
});

test('the room is told, and nobody else', async () => {
  const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  assert.deepEqual(await bob.next('said'), ['hi']);
  await app.settle();
  assert.deepEqual(bob.received('said'), [['hi']]);
  assert.deepEqual(carol.received('said'), []);
});

test('what a client sent just now has been dealt with when the app has settled', async () => {
  const [alice, bob] = await app.connect(2, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  assert.deepEqual(bob.received('said'), []);
  await app.settle();
  assert.deepEqual(bob.received('said'), [['hi']]);
});

test('a client is refused, and told why', async () => {
  await assert.rejects(app.connect({ namespace: 'nowhere' }), /Invalid namespace/);
});

test('who comes and who goes is logged', async () => {
  const alice = await app.connect();
  const { id } = alice;
  await alice.disconnect();
  const logged = app.logs.entries.map(({ message }) => message);
  assert.deepEqual(logged.slice(-2), [`Client connected: ${id}`, `Client disconnected: ${id}`]);
});

test('the clients of an app that is closed are gone', async () => {
  const alice = await app.connect();
  await app.close();
  assert.equal(alice.connected, false);
  await assert.rejects(async () => app.connect(), /connect\(\) was called on an app that is closed/);
});
