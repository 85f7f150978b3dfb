import {
  Catch,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
} from '@nestjs/common';
import { BaseWsExceptionFilter, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';

/** Sends errors to where they are collected: `capture` calls Sentry's `captureException`, for instance. */
@Injectable()
export class ErrorReports {
  capture(_error: unknown, _context: { event: string; client: string }): void {}
}

@Catch()
export class ReportingFilter extends BaseWsExceptionFilter {
  constructor(private readonly reports: ErrorReports) {
    // Without this, Nest's filter sends back what the client has sent.
    super({ includeCause: false });
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    if (!isMeantForClient(error)) {
      this.reports.capture(error, { event: ws.getPattern(), client: ws.getClient<Socket>().id });
    }
    super.catch(error, host);
  }
}

export function isMeantForClient(error: unknown): boolean {
  return error instanceof WsException || (error instanceof HttpException && error.getStatus() < 500);
}

// A global filter, by APP_FILTER or app.useGlobalFilters(), does not reach gateways: Nest has it so.
@UseFilters(ReportingFilter)
@WebSocketGateway()
export class RoomsGateway {
  @SubscribeMessage('enter')
  enter(_client: Socket, room: string): string {
    if (room === 'attic') throw new NotFoundException('there is no attic');
    if (room === 'cellar') throw new WsException('the cellar is closed');
    if (room === 'hall') throw new Error('the table "rooms" does not exist');
    return room;
  }
}

@Module({ imports: [WebsocketModule], providers: [ErrorReports, RoomsGateway] })
export class AppModule {}
