import { setImmediate } from 'node:timers';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Deadline } from '../timing/deadline.js';
import { stackOf, textOf } from '../errors/report-error.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { Shutdown } from './shutdown.js';

/**
 * Drains the clients after an uncaught exception, as in any shutdown. Then the process ends as it would have without
 * this. See `shutdown.onUncaught`.
 */
@Injectable()
export class UncaughtFailures implements OnApplicationBootstrap, OnApplicationShutdown {
  private ending: Ending;
  private readonly end: Ending = () => new Deadline(this.options.shutdown.timeout).allows(this.ending());

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(Shutdown) shutdown: Shutdown,
  ) {
    this.ending = () => shutdown.drain();
  }

  /**
   * Sets what runs in place of the drain alone. Only the code that created an app can close it, not a provider.
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
    if (this.options.shutdown.onUncaught !== 'drain') return;
    if (endings.size === 0) process.on('uncaughtExceptionMonitor', onUncaughtError);
    endings.add(this.end);
  }

  onApplicationShutdown(): void {
    endings.delete(this.end);
    if (endings.size === 0) process.off('uncaughtExceptionMonitor', onUncaughtError);
  }
}

/** What an app does before an uncaught exception ends the process. */
type Ending = () => Promise<unknown>;

/** Those of all apps in the process. */
const endings = new Set<Ending>();

const MAX_LATER_FAILURES = 10;

/**
 * Runs all endings after an uncaught exception that would end the process, because nothing listens to
 * `uncaughtException`. Then throws the same error again, so that Node does what it would have done.
 *
 * It listens to `uncaughtExceptionMonitor`, which changes nothing by itself. A library that checks whether it has the
 * only `uncaughtException` listener does not see this one.
 */
function onUncaughtError(error: unknown): void {
  const isDealtWith = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
  if (!isDealtWith) void endProcess(error);
}

async function endProcess(failure: unknown): Promise<void> {
  const logger = new Logger('UncaughtFailure');
  let failures = 0;
  // Called for the failure itself right after this, then for each further failure while the apps end.
  const keepAlive = (another: unknown): void => {
    failures += 1;
    if (failures > 1 && failures <= 1 + MAX_LATER_FAILURES) {
      logger.error(`Another failure outside any handler: ${textOf(another)}`, stackOf(another));
    }
  };
  process.on('uncaughtException', keepAlive);
  logger.fatal(`A failure outside any handler ends the process: ${textOf(failure)}`, stackOf(failure));
  await Promise.allSettled(Array.from(endings, (end) => end()));
  endings.clear();
  process.off('uncaughtExceptionMonitor', onUncaughtError);
  process.off('uncaughtException', keepAlive);
  setImmediate(() => {
    throw failure;
  });
}
