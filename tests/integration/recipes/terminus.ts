import { Controller, Get, Injectable, Module } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { WebsocketModule, WebsocketReadiness } from 'nest-realtime-kit';

@Injectable()
export class WebsocketHealthIndicator {
  constructor(
    private readonly readiness: WebsocketReadiness,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(key: string): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    return this.readiness.ready ? indicator.up() : indicator.down('shutting down');
  }
}

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly websocket: WebsocketHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.websocket.check('websocket')]);
  }
}

@Module({
  imports: [TerminusModule, WebsocketModule],
  controllers: [HealthController],
  providers: [WebsocketHealthIndicator],
})
export class AppModule {}
