import {
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { Namespace, Socket } from 'nest-realtime-kit';
import type { Order } from './failures.js';

interface Auth {
  user?: { name: string };
  room?: string;
  refuse?: object;
}

/** What an app hangs onto namespaces and sockets itself, beside Nest. */
export class RawListeners implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly server!: Namespace;

  afterInit(server: Namespace): void {
    server.use((client, next) => {
      const { refuse, user } = client.handshake.auth as Auth;
      if (user) client.data = { name: user.name.trim() };
      if (refuse) next(Object.assign(new Error('Not you'), { data: refuse }));
      else next();
    });
  }

  handleConnection(client: Socket): void {
    const { room } = client.handshake.auth as Auth;
    if (room) void client.join(room.toLowerCase());
    client.use(([, data], next) => {
      const { denied } = (data ?? {}) as { denied?: Error };
      if (denied) next(denied);
      else next();
    });
    client.on('raw', (data: Order, ack?: (answer: unknown) => void) => ack?.(data.a.b));
    client.once('raw', (data: Order) => data.items[0]!.name);
    client.on('raw later', async (data: Order, ack: (answer: unknown) => void) => ack(data.a.b));
    client.on('error', (error) => error.message.trim());
    client.onAny((_: string, data: Partial<Order>) => data?.a?.b.c.trim());
    client.onAnyOutgoing((_: string, data: Partial<Order>) => data?.a?.b.c.trim());
  }

  handleDisconnect(client: Socket): void {
    const { room } = client.handshake.auth as Auth;
    if (room) room.toUpperCase();
  }
}
