import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './chat.module.js';

/* Each of these is meant to fail. */

const test = realtimeTest(ChatModule);

test('forgets an expectation that holds', async ({ app, connect }) => {
  const { id } = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(app).toHaveLogged(`Client connected: ${id}`);
});

test('forgets an expectation that does not hold', async ({ connect }) => {
  const alice = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).toReceive('said');
});

test('forgets a negative expectation', async ({ connect }) => {
  const alice = await connect();
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).not.toReceive('said');
});
