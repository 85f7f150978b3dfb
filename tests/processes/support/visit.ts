import { once } from 'node:events';
import { io } from 'socket.io-client';
import { expect } from 'vitest';
import type { ServerProcess } from '../../support/server-process.js';

const TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']];

/** Has a client served on each transport, then ends the server: the clients are told, and it exits 0. */
export async function visitAndEnd(server: ServerProcess, event?: string, auth: object = {}): Promise<void> {
  const clients = TRANSPORTS.map((transports) => io(server.url, { transports, auth, forceNew: true }));
  try {
    for (const client of clients) {
      if (!client.connected) await once(client as never, 'connect');
      if (event) expect(await client.timeout(5_000).emitWithAck(event, 1)).toBe(1);
    }
    const left = clients.map((client) => once(client as never, 'disconnect'));
    expect(await server.terminate()).toBe(0);
    for (const [reason] of (await Promise.all(left)) as [string][]) expect(reason).toMatch(/^transport/);
  } finally {
    for (const client of clients) client.disconnect();
  }
}
