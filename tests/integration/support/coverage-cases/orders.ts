import { Module } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import type { Namespace, Socket } from 'socket.io';

/** A contract of which the tests beside it exercise a part. */
@WebSocketGateway({ namespace: 'orders' })
export class OrdersGateway {
  @WebSocketServer() private readonly server!: Namespace;

  handleConnection(client: Socket): void {
    if (client.handshake.auth.banned) client.disconnect();
    client.use(([event], next) => next(event === 'audit' ? new Error('forbidden') : undefined));
  }

  @SubscribeMessage('place')
  place(@MessageBody() item: string): { id: number } {
    this.server.emit('placed', item);
    return { id: 1 };
  }

  @SubscribeMessage('cancel')
  cancel(@MessageBody() id: number, @Ack() acknowledge: (id: number) => void): void {
    this.server.emit('cancelled', id);
    acknowledge(id);
  }

  @SubscribeMessage('track')
  track(): WsResponse<string> {
    return { event: 'tracked', data: 'on its way' };
  }

  @SubscribeMessage('audit')
  audit(): string {
    return 'all of it';
  }

  @SubscribeMessage('ship')
  ship(@ConnectedSocket() client: Socket): string {
    client.emit(['ship', 'ped'].join(''));
    return 'shipped';
  }
}

/** It handles an event of the other's, on the same namespace, and has one of the same name on another. */
@WebSocketGateway({ namespace: '/orders' })
export class StatisticsGateway {
  @SubscribeMessage('place')
  count(): void {}
}

@WebSocketGateway()
export class LobbyGateway {
  @SubscribeMessage('place')
  place(): void {}
}

@Module({ imports: [WebsocketModule], providers: [OrdersGateway, StatisticsGateway, LobbyGateway] })
export class OrdersModule {}
