import { describe, test } from 'vitest';
import { Reader, withServer } from './support/reader.js';

describe.each(['websocket', 'polling'] as const)('over %s every client that reads receives', (transport) => {
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
