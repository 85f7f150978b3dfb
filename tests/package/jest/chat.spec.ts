import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

let app: TestApp;

beforeEach(async () => {
  app = await startTestApp(ChatModule);
});

afterEach(() => app.close());

test('a client is answered', async () => {
  const alice = await app.connect({ namespace: 'chat' });
  expect(await alice.emitWithAck('join', 'lobby')).toBe('lobby');
});

test('the room is told, and nobody else', async () => {
  const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  expect(await bob.next('said')).toEqual(['hi']);
  await app.settle();
  expect(bob.received('said')).toEqual([['hi']]);
  expect(carol.received('said')).toEqual([]);
});

test('what a client sent just now has been dealt with when the app has settled', async () => {
  const [alice, bob] = await app.connect(2, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  expect(bob.received('said')).toEqual([]);
  await app.settle();
  expect(bob.received('said')).toEqual([['hi']]);
});

test('many clients connect in a process of their own', async () => {
  const alice = await app.connect({ namespace: 'chat' });
  const crowd = await app.connectMany(10, { namespace: 'chat' });
  expect(await crowd.emitWithAck('join', 'lobby')).toHaveLength(10);
  alice.emit('say', 'hi');
  await app.settle();
  expect(crowd.received('said').flat()).toHaveLength(10);
});

test('a client is refused, and told why', async () => {
  await expect(app.connect({ namespace: 'nowhere' })).rejects.toThrow('Invalid namespace');
});

test('who comes and who goes is logged', async () => {
  const alice = await app.connect();
  const { id } = alice;
  await alice.disconnect();
  expect(app.logs.entries).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ context: 'EventsGateway', message: `Client connected: ${id}` }),
      expect.objectContaining({ context: 'EventsGateway', message: `Client disconnected: ${id}` }),
    ]),
  );
});

test('the clients of an app that is closed are gone', async () => {
  const alice = await app.connect();
  await app.close();
  expect(alice.connected).toBe(false);
  await expect(app.connect()).rejects.toThrow('connect() was called on an app that is closed.');
});
