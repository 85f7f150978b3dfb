import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { ChatModule } from '../chat.js';

const test = realtimeTest(ChatModule, { timeout: 1_000 });
const shared = realtimeTest(ChatModule, { timeout: 1_000, scope: 'file' });

describe('a chat', () => {
  test('keeps "quiet" / <b>about</b> ..\\this', async ({ connect }) => {
    const bob = await connect({ name: 'bob' });
    await expect(bob).toReceive('said', '```\nend\n````');
  });
});

test('leaves an expectation behind', async ({ connect }) => {
  const alice = await connect({ name: 'alice' });
  // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
  expect(alice).toReceive('welcome');
});

test('leaves an error behind', async ({ connect }) => {
  const carol = await connect({ name: 'carol' });
  carol.emit('throw');
  await carol.next('exception');
});

let attempts = 0;
test('passes in the end', { retry: 1 }, async ({ connect }) => {
  const dave = await connect({ name: 'dave' });
  attempts += 1;
  await expect(dave).toReceive(attempts === 1 ? 'said' : 'welcome');
});

test('fails as it is meant to', { fails: true }, async ({ connect }) => {
  await expect(await connect()).toReceive('said');
});

test('fails without an app', () => {
  expect(1).toBe(2);
});

shared('passes in an app that others share', async ({ connect }) => {
  await expect(await connect({ name: 'erin' })).toReceive('welcome');
});

shared('fails in an app that others share', async ({ connect }) => {
  await expect(await connect({ name: 'frank' })).toReceive('said');
});
