import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from '../chat.js';

for (const scope of ['file', 'worker'] as const) {
  const test = realtimeTest(ChatModule, { scope });
  const ids: string[] = [];
  let url: string;

  test(`a ${scope} starts one app`, async ({ app, connect }) => {
    url = app.url;
    ids.push((await connect()).id);
    await expect(app).toHaveLogged(`Client connected: ${ids[0]}`);
  });

  test(`a ${scope} has the same app, without the clients and entries of the test before`, async ({ app, connect }) => {
    expect(app.url).toBe(url);
    expect(app.clients).toEqual([]);
    expect(app.io.sockets.sockets.size).toBe(0);
    await expect(app).not.toHaveLogged(`Client connected: ${ids[0]}`);
    await expect(app).toHaveLogged(`Client connected: ${(await connect()).id}`);
  });
}
