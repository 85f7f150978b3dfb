import { matchers, startTestApp, type RealtimeMatchers, type TestApp } from 'nest-realtime-kit/testing';
import { ChatModule } from './chat.module';

declare global {
  namespace jest {
    interface Matchers<R, T> extends RealtimeMatchers<T> {}
  }
}

expect.extend(matchers);

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp(ChatModule);
});
afterEach(() => app.close());

test('tells the room, and nobody else', async () => {
  const [alice, bob, carol] = await app.connect(3, { namespace: 'chat' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await expect(bob).toReceive('said', 'hi');
  await expect(carol).not.toReceive('said');
});
