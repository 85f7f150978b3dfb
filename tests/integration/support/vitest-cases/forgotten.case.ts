import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { ChatModule } from '../chat.js';

describe("with Vitest's own test", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp(ChatModule, { timeout: 1_000 });
  });
  afterEach(() => app.close());

  test('forgets an expectation in an app of beforeEach', async () => {
    const alice = await app.connect();
    // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
    expect(alice).toReceive('never');
  });

  test('forgets an expectation about a connection', async () => {
    // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
    expect(app.connect({ namespace: '/nowhere' })).toBeRefused();
    await expect.poll(() => app.timeline.entries).toContainEqual(expect.objectContaining({ kind: 'refused' }));
  });

  test('forgets nothing in an app of beforeEach', async () => {
    await expect(await app.connect()).toReceive('welcome');
  });
});

describe('with tests that are concurrent', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp(ChatModule, { timeout: 1_000 });
  });
  afterAll(() => app.close());

  test.concurrent('forgets an expectation beside others', async ({ expect: own }) => {
    const alice = await app.connect();
    // oxlint-disable-next-line typescript/no-floating-promises -- what the case is about
    (own as typeof expect)(alice).toReceive('never');
  });

  test.concurrent('forgets nothing beside others', async ({ expect: own }) => {
    const bob = await app.connect();
    await (own as typeof expect)(bob).toReceive('welcome');
  });
});
