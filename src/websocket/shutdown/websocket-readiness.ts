import { Inject, Injectable } from '@nestjs/common';
import { Shutdown } from './shutdown.js';

/**
 * Tells a health check whether new clients may be sent to this app: from the end of its start to the beginning of its
 * end, which comes before anything is closed.
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
