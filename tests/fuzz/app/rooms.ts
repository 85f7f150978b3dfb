import { MessageBody, SubscribeMessage, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Socket } from 'nest-realtime-kit';
import type { Order } from './failures.js';

interface Telling {
  room: string;
  text: unknown;
  keep: boolean;
}

/** Handlers that let a client name rooms, and speak to them. */
export class Rooms {
  @WebSocketServer() readonly server!: Namespace;

  @SubscribeMessage('join')
  async join(client: Socket, data: Telling): Promise<unknown> {
    await client.join(data.room);
    return [...client.rooms];
  }

  @SubscribeMessage('leave')
  leave(client: Socket, data: Telling): void {
    void client.leave(data.room);
  }

  @SubscribeMessage('say')
  say(client: Socket, data: Telling): number {
    client.to(data.room).emit('said', data.text);
    return client.rooms.size;
  }

  @SubscribeMessage('say to all')
  sayToAll(@MessageBody() { room, text }: Telling): void {
    this.server.in(room).except(`${room}-quiet`).emit('said', text, { room });
  }

  @SubscribeMessage('ask the room')
  askRoom(client: Socket, data: Telling): void {
    client
      .to(data.room)
      .timeout(20)
      .emit('question', data.text, (_: Error | null, answers: Order[]) => answers[0]!.a.b.c.trim());
  }

  @SubscribeMessage('kick me')
  kick(client: Socket, data: Telling): string {
    client.disconnect(data.keep);
    return 'gone';
  }
}
