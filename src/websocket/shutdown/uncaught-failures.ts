import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebsocketOptions } from '../websocket.options.js';
import { Deadline } from './deadline.js';
import { watchFailures, type Ending } from './failure-watch.js';
import { Shutdown } from './shutdown.js';

/**
 * Has failures outside any handler end in a drained exit, see `shutdown.onUncaught`: the clients are left as in any
 * shutdown, then the process ends as it would have.
 */
@Injectable()
export class UncaughtFailures implements OnApplicationBootstrap, OnApplicationShutdown {
  private ending: Ending;
  private stopWatching = (): void => {};

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(Shutdown) shutdown: Shutdown,
  ) {
    this.ending = () => shutdown.drain();
  }

  /**
   * What is done in place of the drain alone: a provider cannot close its own app, whoever has made it can.
   *
   * @example
   * ```ts
   * app.get(UncaughtFailures).endBy(() => app.close());
   * ```
   */
  endBy(ending: Ending): void {
    this.ending = ending;
  }

  onApplicationBootstrap(): void {
    if (this.options.shutdown.onUncaught === 'drain') this.stopWatching = watchFailures(() => this.end());
  }

  onApplicationShutdown(): void {
    this.stopWatching();
  }

  private async end(): Promise<void> {
    await new Deadline(this.options.shutdown.timeout).allows(this.ending());
  }
}
