import { promisify } from 'node:util';
import {
  Body,
  Controller,
  Module,
  Post,
  Req,
  UnauthorizedException,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import session from 'express-session';
import {
  Authentication,
  WebsocketModule,
  type AuthenticatedSocket,
  type Handshake,
  type Server,
  type Socket,
} from 'nest-realtime-kit';

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

type WithSession = Pick<Express.Request, 'session' | 'sessionID' | 'sessionStore'>;

/** Express and Engine.IO share it: one store, one secret, one cookie. */
const sessions = session({ secret: 'keyboard cat', resave: false, saveUninitialized: false });

/** Reads the store, so that it also knows of a logout since the handshake. */
async function userOfSession(_: Handshake, { request }: Socket): Promise<{ user: string }> {
  const { sessionStore, sessionID } = request as object as WithSession;
  const stored = await promisify(sessionStore.get.bind(sessionStore))(sessionID);
  if (stored?.user === undefined) throw new UnauthorizedException('log in first');
  return { user: stored.user };
}

@WebSocketGateway()
export class AccountGateway implements OnGatewayInit {
  afterInit(server: Server): void {
    server.engine.use(sessions);
  }

  @SubscribeMessage('who am I')
  whoAmI(client: AuthenticatedSocket<{ user: string }>): string {
    return client.data.user;
  }
}

@Controller()
export class LoginController {
  constructor(private readonly authentication: Authentication) {}

  @Post('login')
  async logIn(@Req() request: WithSession, @Body('user') user: string): Promise<void> {
    // A new id, so that nobody knows it from before the login.
    await promisify(request.session.regenerate.bind(request.session))();
    request.session.user = user;
  }

  @Post('logout')
  async logOut(@Req() { session: current }: WithSession): Promise<void> {
    const { user } = current;
    await promisify(current.destroy.bind(current))();
    await this.authentication.recheck((client) => client.data.user === user);
  }
}

@Module({
  imports: [WebsocketModule.forRoot({ authentication: userOfSession })],
  controllers: [LoginController],
  providers: [AccountGateway],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(sessions).forRoutes('*path');
  }
}
