import { Inject, Injectable } from '@nestjs/common';
import { Shutdown } from './shutdown.js';

/**
 * Tells a health check whether this app may get new clients. It is ready from the end of its start until its shutdown
 * begins, before anything is closed.
 *
 * @example
 * ```ts
 * @Get('health/ready')
 * check(): void {
 *   if (!this.websockets.ready) throw new ServiceUnavailableException();
 * }
 * ```
 */
@Injectable()
export class WebsocketReadiness {
  constructor(@Inject(Shutdown) private readonly shutdown: Shutdown) {}

  get ready(): boolean {
    return this.shutdown.isServing;
  }
}
