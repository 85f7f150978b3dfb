import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EventsGateway, WebsocketModule, type Socket } from 'nest-realtime-kit';

@WebSocketGateway({ namespace: 'chat' })
export class ChatGateway extends EventsGateway {
  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
    client.to('lobby').emit('said', text);
  }
}

@Module({
  imports: [WebsocketModule.forRoot({ cors: { origin: ['https://app.example.com'] }, isGlobal: true })],
  providers: [ChatGateway],
})
export class ChatModule {}
