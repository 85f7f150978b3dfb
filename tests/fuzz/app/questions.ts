import { SubscribeMessage } from '@nestjs/websockets';
import type { Socket } from 'nest-realtime-kit';
import type { Order } from './failures.js';

/** Handlers that ask the client back, and rely on what it answers. */
export class Questions {
  @SubscribeMessage('ask me')
  ask(client: Socket, data: unknown): void {
    client.emit('question', data, (answer: Order) => answer.a.b.c.trim());
  }

  @SubscribeMessage('ask me later')
  async askLater(client: Socket, data: unknown): Promise<void> {
    client.emit('question', data, async (answer: Order) => answer.a.b.c.trim());
  }

  @SubscribeMessage('ask me in time')
  askInTime(client: Socket, data: unknown): void {
    client.timeout(20).emit('question', data, (_: Error | null, answer: Order) => answer.items[0]!.name);
  }

  @SubscribeMessage('ask me and wait')
  async askAndWait(client: Socket, data: unknown): Promise<unknown> {
    const answer = (await client.timeout(20).emitWithAck('question', data)) as Order;
    return { event: 'said', data: answer.a };
  }
}
