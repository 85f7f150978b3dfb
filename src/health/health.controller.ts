import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { WebsocketReadiness } from '../websocket/index.js';

/** Health checks for load balancers and orchestrators. */
@Controller('health')
export class HealthController {
  constructor(@Inject(WebsocketReadiness) private readonly websockets: WebsocketReadiness) {}

  /** Liveness: a process that answers need not be restarted. */
  @Get('live')
  live(): object {
    return { status: 'ok' };
  }

  /** Readiness: whether this process may get new clients. */
  @Get('ready')
  ready(): object {
    if (this.websockets.ready) return { status: 'ok' };
    throw new ServiceUnavailableException({ status: 'shutting down' });
  }
}
