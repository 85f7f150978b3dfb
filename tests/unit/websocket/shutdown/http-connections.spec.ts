import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { HttpConnections } from '../../../../src/websocket/shutdown/http-connections.js';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

test('responses that wait behind another one are dropped when their connection closes', async () => {
  const held: ServerResponse[] = [];
  const server = createServer((_, response) => held.push(response));
  const connections = new HttpConnections(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [gone, there] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  try {
    gone.write(get('/first') + get('/second') + get('/third'));
    there.write(get('/there'));
    await expect.poll(() => held.length).toBe(4);
    const closed = once(held[0]!, 'close');
    gone.destroy();
    await closed;
    expect(connections.cut()).toEqual(['GET /there of 127.0.0.1']);
  } finally {
    there.destroy();
    server.close();
  }
});
