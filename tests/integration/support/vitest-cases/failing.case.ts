import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from '../chat.js';

const test = realtimeTest(ChatModule, { timeout: 1_000 });

test('forgets an expectation that holds', async ({ connect }) => {
  const alice = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).toReceive('welcome'); // forgotten
});

test('forgets an expectation that does not hold', async ({ connect }) => {
  const alice = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).not.toReceive('welcome');
});

test('forgets two', async ({ app, connect }) => {
  const alice = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).toReceive('welcome');
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(app).toHaveLogged('WebSocket Gateway initialized');
});

test('forgets none', async ({ app, connect }) => {
  const alice = await connect();
  await expect(app).toHaveLogged(/initialized/);
  await Promise.all([expect(alice).toReceive('welcome'), expect(alice).not.toReceive('said')]);
});

test('waits in vain', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  bob.emit('throw');
  await expect(bob).toReceive('said', 'hi'); // in vain
});

test('was told otherwise', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  await expect(bob).not.toReceive('welcome', { id: bob.id });
});

test('hears nothing from the dead', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  await bob.next('welcome');
  await bob.disconnect();
  await expect(bob).not.toReceive('said');
});

test('expects the dead to speak', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  await bob.disconnect();
  await expect(bob).toReceive('said');
});

test('finds no such log', async ({ app }) => {
  await expect(app).toHaveLogged('Client connected: nobody', { level: 'warn', context: 'EventsGateway' });
});

test('finds a log that should not be', async ({ app }) => {
  await expect(app).not.toHaveLogged(/initialized/);
});

test('is let in', async ({ connect }) => {
  await expect(connect({ name: 'bob' })).toBeRefused('banned');
});

test('is refused for another reason', async ({ connect }) => {
  await expect(connect({ name: 'bob', namespace: 'nowhere' })).toBeRefused('banned');
});

test('asks the wrong thing', async ({ app }) => {
  await expect(app).toReceive('said');
});

test('leaves a failing soft expectation', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  await expect.soft(bob).toReceive('said');
});

test('forgets a soft expectation', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  void expect.soft(bob).toReceive('welcome');
});

test('leaves an error in the log', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  bob.emit('throw');
});

test('expects the error in the log', async ({ app, connect }) => {
  const bob = await connect({ name: 'bob' });
  bob.emit('throw');
  const text = `ChatGateway.throw failed on "throw" of client ${bob.id}: the handler failed`;
  await expect(app).toHaveLogged(text, { level: 'error', by: bob });
});

test('fails by itself, with an error in the log', async ({ app, connect }) => {
  const bob = await connect({ name: 'bob' });
  bob.emit('throw');
  await app.settle();
  expect(1).toBe(2);
});

const strictTest = realtimeTest(ChatModule, { strict: { unreadEvents: true } });

strictTest('leaves an event unread', async ({ connect }) => {
  await connect({ name: 'bob' });
});

const sharedTest = realtimeTest(ChatModule, {
  scope: 'file',
  timeout: 1_000,
  strict: { unreadEvents: true },
});

sharedTest('leaves an error and an event to those it shares the app with', async ({ connect }) => {
  const bob = await connect({ name: 'bob' });
  bob.emit('throw');
});

sharedTest('shares the app with one that left an error and an event', async ({ connect }) => {
  const carol = await connect({ name: 'carol' });
  await expect(carol).toReceive('welcome');
});

sharedTest('fails in an app in which another test left an error', async ({ connect }) => {
  const carol = await connect({ name: 'carol' });
  await expect(carol).toReceive('said');
});

sharedTest('connects a client without the fixture, and declares an error', async ({ app }) => {
  app.logs.allowErrors(/handler failed/);
  const dave = await app.connect({ name: 'dave' });
  await expect(dave).toReceive('welcome');
  dave.emit('throw');
  await expect(dave).toReceive('exception');
});

sharedTest('finds nobody of the test before, nor what it declared', async ({ app, connect }) => {
  expect(app.clients).toEqual([]);
  const erin = await connect({ name: 'erin' });
  await expect(erin).toReceive('welcome');
  erin.emit('throw');
  await expect(erin).toReceive('exception');
});
