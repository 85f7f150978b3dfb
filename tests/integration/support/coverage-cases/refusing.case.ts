import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { OrdersModule } from './orders.js';

const test = realtimeTest(OrdersModule, { scope: 'worker', timelineEntries: 0 });

test('refuses an event', async ({ app, connect }) => {
  app.allowRefusals();
  const client = await connect({ namespace: 'orders' });
  client.emit('audit');
  await app.settle();
});

test('refuses who is banned, and a namespace that is not there', async ({ app }) => {
  const banned = app.connect({ namespace: 'orders', auth: { banned: true } });
  await expect(banned).toBeRefused(undefined, { stage: 'gateway' });
  await expect(app.connect({ namespace: 'nowhere' })).toBeRefused('Invalid namespace');
});
