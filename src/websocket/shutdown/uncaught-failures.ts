import { setImmediate } from 'node:timers';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Deadline } from '../timing/deadline.js';
import { stackOf, textOf } from '../errors/report-error.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
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
    const { onUncaught, timeout } = this.options.shutdown;
    if (onUncaught === 'drain') this.stopWatching = watchFailures(() => new Deadline(timeout).allows(this.ending()));
  }

  onApplicationShutdown(): void {
    this.stopWatching();
  }
}

/** What an app does about a failure that ends its process. */
type Ending = () => Promise<unknown>;

/** Of all apps of the process. */
const endings = new Set<Ending>();

const MAX_LATER_FAILURES = 10;

/**
 * Has failures outside any handler end in this way where they would end the process at once: where nobody listens to
 * `uncaughtException`. Then the same error is thrown anew, and Node does what it would have done.
 *
 * It listens to `uncaughtExceptionMonitor`, which changes nothing by itself: others that look whether they are alone with
 * `uncaughtException` find that they are.
 *
 * @returns the function that ends it
 */
function watchFailures(ending: Ending): () => void {
  if (endings.size === 0) process.on('uncaughtExceptionMonitor', onUncaughtError);
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size === 0) process.off('uncaughtExceptionMonitor', onUncaughtError);
  };
}

function onUncaughtError(error: unknown): void {
  const isDealtWith = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
  if (!isDealtWith) void endProcess(error);
}

async function endProcess(failure: unknown): Promise<void> {
  const logger = new Logger('UncaughtFailure');
  let failures = 0;
  // Called right after this for the failure itself, then for those that come while the apps end.
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
