import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { publishOverWs } from '../load/wires.js';

/** Sends back what it gets, with no protocol on top: what any of the others could reach at most. */
export async function bootWs(): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const publish = Buffer.from(publishOverWs);
  server.on('connection', (client) => {
    client.on('message', (data: Buffer) => {
      if (!data.equals(publish)) return client.send(data, { binary: false });
      for (const one of server.clients) one.send(data, { binary: false });
    });
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
