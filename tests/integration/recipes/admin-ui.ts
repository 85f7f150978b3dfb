import { Module, UnauthorizedException } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import { instrument } from '@socket.io/admin-ui';
import { WebsocketModule, type AuthenticatedSocket, type Handshake, type Server, type Socket } from 'nest-realtime-kit';

const users = new Map([['alice-token', { name: 'Alice' }]]);

function authenticate({ auth }: Handshake, client: Socket): object {
  // `authentication` is asked for every namespace. The admin UI checks its password itself.
  if (client.nsp.name === '/admin') return {};
  const user = users.get(auth.token as string);
  if (!user) throw new UnauthorizedException('no such token');
  return user;
}

@WebSocketGateway()
export class GreetingGateway implements OnGatewayInit {
  afterInit(server: Server): void {
    instrument(server, {
      // The bcrypt hash of "changeit".
      auth: {
        type: 'basic',
        username: 'admin',
        password: '$2b$10$heqvAkYMez.Va6Et2uXInOnkCT6/uQj1brkrbyG3LpopDklcq7ZOS',
      },
      mode: process.env.NODE_ENV === 'development' ? 'development' : 'production',
    });
  }

  @SubscribeMessage('greet')
  greet(client: AuthenticatedSocket<{ name: string }>): string {
    return `Hello, ${client.data.name}`;
  }
}

@Module({
  imports: [
    WebsocketModule.forRoot({
      cors: { origin: ['https://app.example.com', 'https://admin.socket.io'], credentials: true },
      authentication: authenticate,
    }),
  ],
  providers: [GreetingGateway],
})
export class AppModule {}
