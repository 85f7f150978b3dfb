import { setTimeout as delay } from 'node:timers/promises';
import { openLink } from 'nest-realtime-kit/testing';
import { describe, test } from 'vitest';
import { startCommanded } from '../support/commanded-process.js';
import { Reader, withServer } from './support/reader.js';
import { watch } from './support/watch.js';
import { isWhole } from './support/whole.js';

const MB = 1024 * 1024;

describe.concurrent('a slow client receives', () => {
  test('12 documents of 2 MB over 16 Mbit/s', { timeout: 90_000 }, () =>
    withServer({}, async (_, server) => {
      await using link = await openLink(`http://127.0.0.1:${String(server.greeting)}`);
      await link.bandwidth(2_000_000, { stream: 'downstream' });
      const reader = await new Reader(link.url, 'websocket').connected();
      reader.socket.emit('catchUp', { count: 12, bytes: 2_000_000 });
      await reader.untilReceived(12);
      reader.socket.disconnect();
    }),
  );

  if (!isWhole) return;

  test('a burst of 3 MB over 100 KB/s', { timeout: 120_000 }, () =>
    withServer({}, async (_, server) => {
      await using link = await openLink(`http://127.0.0.1:${String(server.greeting)}`);
      await link.bandwidth(100_000, { stream: 'downstream' });
      const reader = await new Reader(link.url, 'websocket').connected();
      reader.socket.emit('catchUp', { count: 30, bytes: 100_000 });
      await reader.untilReceived(30, 90_000);
      reader.socket.disconnect();
    }),
  );

  test('1.5 MB in polls that are 15 s apart', { timeout: 120_000 }, ({ expect }) =>
    withServer({ pingTimeout: 60_000 }, async (url) => {
      const polling = `${url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1)) as { sid: string };
      const post = (body: string) => fetch(`${polling}&sid=${sid}`, { method: 'POST', body });
      await post('40');
      await (await fetch(`${polling}&sid=${sid}`)).text();
      for (let polls = 0; polls < 2; polls += 1) {
        await post('42["catchUp",{"count":15,"bytes":100000}]');
        await delay(15_000);
        const answer = await fetch(`${polling}&sid=${sid}`);
        expect(answer.status).toBe(200);
        expect((await answer.text()).split('42["piece"')).toHaveLength(16);
      }
      await post('1');
    }),
  );
});

describe.concurrent('a client that does not read', () => {
  test(
    'is disconnected by 200 MB of broadcasts, which reach a client that reads',
    {
      timeout: 120_000,
    },
    ({ expect }) =>
      withServer({}, async (url, server) => {
        await using attacker = await startCommanded(new URL('support/attacker.js', import.meta.url), [
          String(server.greeting),
        ]);
        const reader = await new Reader(url, 'websocket').connected();
        await attacker.ask('notReading', 1);
        const before = await server.ask<number>('rss');
        let most = 0;
        const sending = watch(server.ask('broadcastMegabytes', 200));
        while (!sending.isOver) {
          most = Math.max(most, await server.ask<number>('rss'));
          await delay(20);
        }
        await expect.poll(() => reader.bytes, { timeout: 60_000 }).toBe(200 * MB);
        await expect.poll(() => server.ask('connected'), { timeout: 40_000 }).toBe(1);
        console.log(`200 MB of broadcasts beside a deaf client: ${((most - before) / MB).toFixed(0)} MB more at most`);
        reader.socket.disconnect();
      }),
  );

  if (!isWhole) return;

  test(
    'is disconnected, as are 999 others with 10 MB each, and memory stays within the budget',
    {
      timeout: 180_000,
    },
    ({ expect }) =>
      withServer({ maxTotalBufferedBytes: 200 * MB }, async (url, server) => {
        await using attacker = await startCommanded(new URL('support/attacker.js', import.meta.url), [
          String(server.greeting),
        ]);
        const reader = await new Reader(url, 'websocket').connected();
        await attacker.ask('notReading', 1_000);
        const before = await server.ask<number>('memory');
        let most = 0;
        let kept = 0;
        const sending = watch(server.ask('sendMegabytesToEach', 10));
        while (!sending.isOver) {
          most = Math.max(most, await server.ask<number>('memory'));
          kept = Math.max(kept, await server.ask<number>('buffered'));
          await delay(200);
        }
        console.log(
          `1,000 deaf clients: ${(kept / MB).toFixed(0)} MB kept at most of a budget of 200; ` +
            `${((most - before) / MB).toFixed(0)} MB more memory of the process, collected`,
        );
        expect(kept).toBeLessThan(200 * MB);
        // Node reserves three bytes for a character, of which ASCII needs one.
        expect(most - before).toBeLessThan(2 * 200 * MB);
        await expect.poll(() => reader.bytes, { timeout: 60_000 }).toBeGreaterThan(10 * MB);
        expect(reader.gone).toBeUndefined();
        await expect.poll(() => server.ask('connected'), { timeout: 60_000 }).toBe(1);
        reader.socket.disconnect();
      }),
  );
});
