import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { startSlowLink } from '../integration/support/slow-link.js';
import { start } from './support/process.js';
import { watch } from './support/watch.js';

const MB = 1024 * 1024;

/** A client that counts the pieces that it gets, and whether they are in order. */
class Reader {
  received = 0;
  bytes = 0;
  inOrder = true;
  gone: string | undefined;
  readonly socket: Socket;

  constructor(url: string, transport: 'websocket' | 'polling') {
    this.socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
    this.socket.on('piece', (number: number | [number, unknown], text?: string | Buffer) => {
      const [sent, data] = Array.isArray(number) ? number : [number, text];
      this.inOrder &&= sent === this.received;
      this.received += 1;
      this.bytes += (data as { length: number }).length;
    });
    this.socket.on('bulk', (text: string) => (this.bytes += text.length));
    this.socket.on('disconnect', (reason) => (this.gone = reason));
  }

  async connected(): Promise<this> {
    while (!this.socket.connected) await delay(5);
    return this;
  }

  async untilReceived(count: number, timeout = 60_000): Promise<void> {
    const deadline = Date.now() + timeout;
    while (this.received < count && !this.gone && Date.now() < deadline) await delay(10);
    expect({ received: this.received, inOrder: this.inOrder, gone: this.gone }).toEqual({
      received: count,
      inOrder: true,
      gone: undefined,
    });
  }
}

async function withServer(
  options: object,
  scenario: (url: string, server: Awaited<ReturnType<typeof start>>) => Promise<void>,
): Promise<void> {
  const OPTIONS = JSON.stringify({
    limits: { connectRate: false, connectionsPerAddress: false },
    ...options,
  });
  await using server = await start('server.js', [], { LOG: 'quiet', OPTIONS });
  await scenario(`http://127.0.0.1:${String(server.greeting)}`, server);
}

describe.each(['websocket', 'polling'] as const)('over %s nobody who reads is cut off:', (transport) => {
  test.each<[what: string, clients: number, event: string, sent: { count: number; bytes: number; binary?: boolean }]>([
    ['4.5 MB to all in one turn', 50, 'tellAll', { count: 45, bytes: 100_000 }],
    ['60 broadcasts of 100 KB', transport === 'websocket' ? 500 : 100, 'tellAll', { count: 60, bytes: 100_000 }],
    ['a catch-up of 5 MB', 1, 'catchUp', { count: 50, bytes: 100_000 }],
    ['6 MB of binary and an ack', 1, 'catchUp', { count: 1, bytes: 6_000_000, binary: true }],
    ['an Observable of 2,000 times 5 KB', 1, 'stream', { count: 2_000, bytes: 5_000 }],
    ['20,000 small events in a turn', 1, 'catchUp', { count: 20_000, bytes: 10 }],
  ])('%s', { timeout: 120_000 }, async (_, clients, event, sent) => {
    await withServer({}, async (url) => {
      const readers: Reader[] = [];
      for (let opened = 0; opened < clients; opened += 1) readers.push(await new Reader(url, transport).connected());
      readers[0]!.socket.emit(event, sent);
      for (const reader of readers) await reader.untilReceived(sent.count);
      for (const { socket } of readers) socket.disconnect();
    });
  });
});

describe.concurrent('a client that is slow is not cut off:', () => {
  test('12 documents of 2 MB over 16 Mbit/s', { timeout: 90_000 }, () =>
    withServer({}, async (_, server) => {
      await using link = await startSlowLink(Number(server.greeting), 2_000_000);
      const reader = await new Reader(link.url, 'websocket').connected();
      reader.socket.emit('catchUp', { count: 12, bytes: 2_000_000 });
      await reader.untilReceived(12);
      reader.socket.disconnect();
    }),
  );

  test('bursts of 3 MB over 100 KB/s', { timeout: 120_000 }, () =>
    withServer({}, async (_, server) => {
      await using link = await startSlowLink(Number(server.greeting), 100_000);
      const reader = await new Reader(link.url, 'websocket').connected();
      reader.socket.emit('catchUp', { count: 30, bytes: 100_000 });
      await delay(5_000);
      reader.inOrder = true;
      await reader.untilReceived(30, 90_000);
      reader.socket.disconnect();
    }),
  );

  test('polls 15 s apart with 1.5 MB waiting', { timeout: 120_000 }, () =>
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

test(
  '200 MB of broadcasts: a client that does not read is gone, those that read have everything',
  {
    timeout: 120_000,
  },
  () =>
    withServer({}, async (url, server) => {
      await using attacker = await start('attacker.js', [String(server.greeting)]);
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

test(
  '1,000 clients that do not read, 10 MB for each: memory stays within the budget, and they are gone',
  {
    timeout: 180_000,
  },
  () =>
    withServer({ maxTotalBufferedBytes: 200 * MB }, async (url, server) => {
      await using attacker = await start('attacker.js', [String(server.greeting)]);
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
