import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { test } from 'vitest';

test('600 test clients connect without exceeding a default limit', async () => {
  await using app = await startTestApp(WebsocketModule);
  expect(await app.connect(600)).toHaveLength(600);
});

test('a limit that the app sets applies to test clients', async () => {
  const connectRate = { burst: 2, perSecond: 1 };
  await using app = await startTestApp(WebsocketModule.forRoot({ limits: { connectRate } }));
  await app.connect(2);
  await expect(app.connect()).toBeRefused(/faster than it may/);
});
