import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { EventsGateway, WebsocketModule } from 'nest-realtime-kit';
import type { Server, Socket } from 'socket.io';

/** A small chat on namespace `/`, for tests that need a gateway with something to say. */
@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer() private readonly server!: Server;

  handleConnection(client: Socket): void {
    client.emit('welcome', { id: client.id });
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
    client.to('lobby').emit('said', text);
  }

  @SubscribeMessage('announce')
  announce(@MessageBody() text: string): void {
    this.server.emit('announced', text);
  }

  @SubscribeMessage('say-late')
  async sayLate(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<string> {
    await delay(800);
    client.to('lobby').emit('said', text);
    return 'said';
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() payload: unknown): unknown {
    return payload;
  }

  @SubscribeMessage('ponder')
  ponder(@Ack() _answer: () => void): void {}

  @SubscribeMessage('throw')
  throw(): never {
    throw new Error('the handler failed');
  }
}

@WebSocketGateway({ namespace: 'news' })
export class NewsGateway extends EventsGateway {
  @SubscribeMessage('publish')
  publish(@MessageBody() headline: string): void {
    this.server.emit('headline', headline);
  }
}

@Module({ imports: [WebsocketModule], providers: [ChatGateway, NewsGateway] })
export class ChatModule {}

/** The same without the kit's gateway half, as Nest itself serves it. */
@Module({ providers: [ChatGateway] })
export class PlainChatModule {}
