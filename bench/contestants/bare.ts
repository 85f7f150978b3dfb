import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { PUBLISHED_AT_ONCE, isAllowed, parse, type Message } from './message.js';

/** Socket.IO alone, with the same handlers as the gateways. */
export async function bootBare(handlers: number): Promise<number> {
  const server = createServer();
  const io = new Server(server);
  io.on('connection', (socket) => {
    socket.on('echo', (message: Message, ack: (message: Message) => void) => ack(message));
    if (handlers === 1) return;
    socket.on('guarded', (message: unknown, ack: (message: Message) => void) => {
      if (isAllowed(socket)) ack(parse(message));
    });
    socket.on('publish', (message: Message) => io.emit('published', message));
    socket.on('publish-many', (message: Message) => {
      for (let sent = 0; sent < PUBLISHED_AT_ONCE; sent += 1) io.emit('published', message);
    });
    for (let number = 5; number <= handlers; number += 1) {
      socket.on(`event-${number}`, (message: Message, ack: (message: Message) => void) => ack(message));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
