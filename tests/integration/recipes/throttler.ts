import { Controller, Get, Injectable, Module, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';

/** Counts HTTP requests by address, as before, and the events of gateways by client. */
@Injectable()
export class EventThrottlerGuard extends ThrottlerGuard {
  protected override getRequestResponse(context: ExecutionContext): { req: object; res: object } {
    if (context.getType() !== 'ws') return super.getRequestResponse(context);
    const eventOf = context.switchToWs().getClient<Socket>();
    // An event has no response that could take the guard's headers.
    return { req: { eventOf, headers: eventOf.handshake.headers }, res: {} };
  }

  protected override async getTracker(req: { eventOf?: Socket; ip?: string }): Promise<string> {
    // With the option `authentication`, count by user: `req.eventOf.data.user`.
    return req.eventOf ? req.eventOf.id : super.getTracker(req);
  }
}

@WebSocketGateway()
export class ChatGateway {
  @Throttle({ default: { limit: 3, ttl: 60_000 } })
  @SubscribeMessage('say')
  say(@MessageBody() text: string): string {
    return text;
  }

  @SkipThrottle()
  @SubscribeMessage('typing')
  typing(): void {}
}

@Controller('status')
export class StatusController {
  @Get()
  status(): string {
    return 'up';
  }
}

@Module({
  imports: [
    ThrottlerModule.forRoot([{ limit: 100, ttl: 60_000 }]),
    WebsocketModule.forRoot({ cors: { origin: ['https://app.example.com'] } }),
  ],
  controllers: [StatusController],
  // On Nest 11 a global guard does not reach gateways: use @UseGuards(EventThrottlerGuard) there.
  providers: [ChatGateway, { provide: APP_GUARD, useClass: EventThrottlerGuard }],
})
export class AppModule {}
