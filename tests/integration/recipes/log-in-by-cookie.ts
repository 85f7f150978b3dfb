import { randomUUID } from 'node:crypto';
import { Body, Controller, Injectable, Module, Post, Res, UnauthorizedException } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type AuthenticatedSocket, type Authenticator, type Handshake } from 'nest-realtime-kit';

interface User {
  name: string;
}

@Injectable()
export class Logins implements Authenticator<User> {
  private readonly users = new Map<string, User>();

  open(user: User): string {
    const token = randomUUID();
    this.users.set(token, user);
    return token;
  }

  authenticate({ headers }: Handshake): User {
    const token = /(?:^|; )token=([^;]*)/.exec(headers.cookie ?? '')?.[1];
    const user = token && this.users.get(token);
    if (!user) throw new UnauthorizedException('log in first');
    return user;
  }
}

@Controller()
export class LoginController {
  constructor(private readonly logins: Logins) {}

  @Post('login')
  logIn(
    @Body('user') name: string,
    @Res({ passthrough: true }) response: { cookie(name: string, value: string, options: object): void },
  ): void {
    response.cookie('token', this.logins.open({ name }), {
      httpOnly: true,
      secure: true,
      sameSite: 'strict',
    });
  }
}

@WebSocketGateway()
export class AccountGateway {
  @SubscribeMessage('who am I')
  whoAmI(client: AuthenticatedSocket<User>): string {
    return client.data.name;
  }
}

@Module({
  imports: [
    WebsocketModule.forRoot({
      cors: { origin: ['https://app.example.com'], credentials: true },
      authentication: Logins,
    }),
  ],
  controllers: [LoginController],
  providers: [Logins, AccountGateway],
})
export class AppModule {}
