import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { OrdersModule } from './orders.js';

const test = realtimeTest(OrdersModule);

test('places an order', async ({ connect }) => {
  const client = await connect({ namespace: 'orders' });
  await expect(client.emitWithAck('place', 'a book')).resolves.toEqual({ id: 1 });
  await expect(client).toReceive('placed', 'a book');
  await expect(client).not.toReceive('placed');
  await expect(client).not.toReceive('plcaed');
});

test('ships an order, of which nobody awaits an ack', async ({ connect }) => {
  const client = await connect({ namespace: 'orders' });
  client.emit('ship');
  await expect(client).toReceive('shipped');
});
