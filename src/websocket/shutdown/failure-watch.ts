import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import { stackOf, textOf } from '../thrown.js';

/** What an app does about a failure that ends its process. It comes to an end whatever hangs. */
export type Ending = () => Promise<void>;

/** One watch serves all apps of a process, those of another copy of this package too. */
interface Watch {
  readonly endings: Set<Ending>;
  readonly listener: NodeJS.UncaughtExceptionListener;
}

const WATCH = Symbol.for('nest-realtime-kit:failure-watch');

const shared = process as { [WATCH]?: Watch | undefined };

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
export function watchFailures(ending: Ending): () => void {
  const watch = (shared[WATCH] ??= beginToWatch());
  watch.endings.add(ending);
  return () => {
    watch.endings.delete(ending);
    if (watch.endings.size === 0) stopWatching(watch);
  };
}

function beginToWatch(): Watch {
  const endings = new Set<Ending>();
  const listener = (error: unknown): void => {
    const isDealtWith = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (!isDealtWith) void endProcess(error, { endings, listener });
  };
  process.on('uncaughtExceptionMonitor', listener);
  return { endings, listener };
}

function stopWatching({ listener }: Watch): void {
  process.off('uncaughtExceptionMonitor', listener);
  shared[WATCH] = undefined;
}

async function endProcess(failure: unknown, watch: Watch): Promise<void> {
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
  await Promise.allSettled(Array.from(watch.endings, (end) => end()));
  stopWatching(watch);
  process.off('uncaughtException', keepAlive);
  setImmediate(() => {
    throw failure;
  });
}
