import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { WebsocketReadiness } from '../websocket/index.js';

/** What a load balancer or an orchestrator asks. */
@Controller('health')
export class HealthController {
  constructor(@Inject(WebsocketReadiness) private readonly websockets: WebsocketReadiness) {}

  /** Whether the process is to be restarted: it answers, so it is not. */
  @Get('live')
  live(): object {
    return { status: 'ok' };
  }

  /** Whether new clients are to be sent here. */
  @Get('ready')
  ready(): object {
    if (this.websockets.ready) return { status: 'ok' };
    throw new ServiceUnavailableException({ status: 'shutting down' });
  }
}
