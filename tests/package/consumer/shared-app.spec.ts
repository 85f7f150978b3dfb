import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './chat.module.js';

for (const scope of ['file', 'worker'] as const) {
  const test = realtimeTest(ChatModule, { scope });
  let first: { url: string; clientId: string };

  test(`a ${scope} starts an app`, async ({ app, connect }) => {
    const { id } = await connect();
    await expect(app).toHaveLogged(`Client connected: ${id}`);
    first = { url: app.url, clientId: id };
  });

  test(`a ${scope} shares it, but for the clients and entries of the test before`, async ({ app }) => {
    expect(app.url).toBe(first.url);
    expect(app.clients).toEqual([]);
    await expect(app).not.toHaveLogged(`Client connected: ${first.clientId}`);
  });
}
