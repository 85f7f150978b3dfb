import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Server } from 'nest-realtime-kit';

@WebSocketGateway()
export class NewsGateway {
  @WebSocketServer() private readonly server!: Server;

  @SubscribeMessage('publish')
  publish(_client: unknown, title: string): void {
    this.server.emit('news', title);
  }
}

@Module({
  imports: [
    WebsocketModule.forRootAsync({
      useFactory: () => ({
        redis: { url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', keyPrefix: process.env.REDIS_KEY_PREFIX },
      }),
    }),
  ],
  providers: [NewsGateway],
})
export class AppModule {}
