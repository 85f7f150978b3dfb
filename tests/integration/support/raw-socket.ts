import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection on which the test writes what it likes, and which answers nothing by itself. */
export interface RawSocket extends Disposable {
  readonly socket: Socket;
  /** What has come so far. */
  readonly text: string;
  /** Resolves when the other end is gone. */
  readonly closed: Promise<void>;
  /** Resolves when this has come. */
  until(text: string): Promise<void>;
}

/** Connects, and writes nothing. */
export async function openTcp(port: number): Promise<RawSocket> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  return {
    socket,
    closed,
    get text() {
      return text;
    },
    async until(expected) {
      while (!text.includes(expected)) await once(socket, 'data');
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Asks by HTTP/1.1 on a connection of its own. */
export async function request(port: number, path: string, headers: Record<string, string> = {}): Promise<RawSocket> {
  const raw = await openTcp(port);
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`);
  raw.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return raw;
}

/** Asks for a WebSocket. */
export function requestWebSocket(port: number, path: string): Promise<RawSocket> {
  return request(port, path, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
  });
}

/** A client of namespace `/` that, once it is there, says nothing any more: no pong, no goodbye. */
export async function openMuteClient(port: number): Promise<RawSocket> {
  const raw = await requestWebSocket(port, '/socket.io/?EIO=4&transport=websocket');
  await raw.until('"sid"');
  raw.socket.write(textFrame('40'));
  await raw.until('40{"sid"');
  return raw;
}

/** As a client sends it: masked, here with zeros. */
export function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
