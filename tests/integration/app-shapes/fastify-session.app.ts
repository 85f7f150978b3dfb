import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  Body,
  Controller,
  Headers,
  Inject,
  Injectable,
  Module,
  Post,
  Res,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { AppModule } from 'nest-realtime-kit/testing';
import type { Namespace, Socket } from 'socket.io';
import { WebSocketServer as RawWebSocketServer } from 'ws';
import type { Imports } from './servings.js';

@Injectable()
class Sessions {
  private readonly users = new Map<string, string>();

  open(user: string): string {
    const id = randomUUID();
    this.users.set(id, user);
    return id;
  }

  close(cookie = ''): string | undefined {
    const id = idOf(cookie);
    const user = this.users.get(id);
    this.users.delete(id);
    return user;
  }

  async userOf(cookie = ''): Promise<string | undefined> {
    await Promise.resolve();
    return this.users.get(idOf(cookie));
  }
}

function idOf(cookie: string): string {
  return /(?:^|;\s*)session=([^;]+)/.exec(cookie)?.[1] ?? '';
}

interface Account extends Socket {
  data: { user: string };
}

@WebSocketGateway({ namespace: 'account' })
class AccountGateway {
  @WebSocketServer() private readonly namespace!: Namespace;

  constructor(private readonly sessions: Sessions) {}

  afterInit(namespace: Namespace): void {
    // oxlint-disable-next-line typescript/no-misused-promises -- as apps have it
    namespace.use(async (socket, next) => {
      const user = await this.sessions.userOf(socket.handshake.headers.cookie);
      if (user === undefined) {
        next(Object.assign(new Error('log in first'), { data: { login: '/login' } }));
        return;
      }
      socket.data.user = user;
      next();
    });
  }

  async handleConnection(client: Account): Promise<void> {
    await client.join(`user:${client.data.user}`);
    client.emit('welcome', client.data.user);
  }

  @SubscribeMessage('who am I')
  whoAmI(@ConnectedSocket() client: Account): string {
    return client.data.user;
  }

  notify(user: string, text: string): void {
    this.namespace.to(`user:${user}`).emit('notified', text);
  }

  drop(user: string): void {
    this.namespace.in(`user:${user}`).disconnectSockets();
  }
}

@WebSocketGateway()
class PublicGateway {
  @SubscribeMessage('greet')
  greet(@MessageBody() name: string): string {
    return `Hello, ${name}!`;
  }
}

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller()
class SessionController {
  constructor(
    private readonly sessions: Sessions,
    private readonly accounts: AccountGateway,
  ) {}

  @Post('login')
  logIn(@Body('user') user: string, @Res({ passthrough: true }) reply: Reply): { user: string } {
    reply.header('set-cookie', `session=${this.sessions.open(user)}; Path=/; HttpOnly; SameSite=Strict`);
    return { user };
  }

  @Post('logout')
  logOut(@Headers('cookie') cookie: string): void {
    const user = this.sessions.close(cookie);
    if (user !== undefined) this.accounts.drop(user);
  }

  @Post('notify')
  notify(@Body() { user, text }: { user: string; text: string }): void {
    this.accounts.notify(user, text);
  }
}

/** Raw WebSockets at `/echo`, on the HTTP server that Socket.IO has too. */
@Injectable()
class RawEcho implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly server = new RawWebSocketServer({ noServer: true });

  constructor(@Inject(HttpAdapterHost) private readonly http: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const http = this.http.httpAdapter.getHttpServer() as HttpServer;
    this.server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => {
        socket.send(data, { binary: isBinary });
      });
    });
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url !== '/echo') return;
      this.server.handleUpgrade(request, socket, head, (raw) => this.server.emit('connection', raw, request));
    });
  }

  onModuleDestroy(): void {
    for (const socket of this.server.clients) socket.terminate();
  }
}

export function fastifySessionApp(imports: Imports): AppModule {
  @Module({
    imports: [...imports],
    controllers: [SessionController],
    providers: [Sessions, AccountGateway, PublicGateway, RawEcho],
  })
  class FastifySessionApp {}
  return FastifySessionApp;
}
