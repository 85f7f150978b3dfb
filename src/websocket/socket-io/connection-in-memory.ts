import { createServer, IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { duplexPair } from 'node:stream';
import { setImmediate } from 'node:timers';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { UnknownInternalsError } from '../errors/unknown-internals.js';
import type { Socket } from './socket.io.js';

const UPGRADE = {
  method: 'GET',
  url: '/socket.io/?EIO=4&transport=websocket',
  headers: { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
};

/** A frame with the text `40`, with which a client joins the namespace `/`. */
const JOIN = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** Turns of the event loop. A client needs about ten to join. */
const ENOUGH_TURNS = 1_000;

let connection: Promise<Socket> | undefined;

/**
 * Makes a connection to get at the classes of the platform's Socket.IO, of which few are exported. It runs in memory,
 * once per process, with a server that does not listen. It is closed when the promise resolves.
 *
 * @throws UnknownInternalsError when no client joins
 */
export function connectionInMemory(): Promise<Socket> {
  connection ??= connect();
  return connection;
}

async function connect(): Promise<Socket> {
  const server = new IoAdapter(createServer()).createIOServer(0);
  const [far, near] = duplexPair();
  const request = Object.assign(new IncomingMessage(near as TcpSocket), UPGRADE);
  const joined: Socket[] = [];
  server.on('connection', (socket) => joined.push(socket));
  server.engine.handleUpgrade(request, near, Buffer.alloc(0));
  far.resume().write(JOIN);
  for (let turn = 0; joined.length === 0 && turn < ENOUGH_TURNS; turn += 1) await new Promise(setImmediate);
  const [socket] = joined;
  void server.close();
  near.destroy();
  far.destroy();
  if (!socket) throw new UnknownInternalsError('socket.io', 'does not let a client join in memory');
  return socket;
}
