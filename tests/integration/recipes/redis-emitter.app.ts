import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';

@WebSocketGateway({ namespace: 'orders' })
export class OrdersGateway {
  @SubscribeMessage('follow')
  async follow(@ConnectedSocket() client: Socket, @MessageBody() order: string): Promise<void> {
    await client.join(`order:${order}`);
  }
}

@Module({
  imports: [
    WebsocketModule.forRootAsync({
      useFactory: () => ({ redis: { url: process.env.REDIS_URL!, keyPrefix: 'shop' } }),
    }),
  ],
  providers: [OrdersGateway],
})
export class AppModule {}
