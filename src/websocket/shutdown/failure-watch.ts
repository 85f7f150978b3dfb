import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import { stackOf, textOf } from '../thrown.js';

/** What an app does about a failure that ends its process. It comes to an end whatever hangs. */
export type Ending = () => Promise<void>;

/*
 * One watch serves all apps of a process, those of another copy of this package too. It is found at the process, where it
 * listens: a module has no state of its own.
 */
const ENDINGS = Symbol.for('nest-realtime-kit:endings');

type Listener = NodeJS.UncaughtExceptionListener & { [ENDINGS]?: Set<Ending> };

const MOST_LATER_FAILURES = 10;

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
  const endings = watchedEndings() ?? beginToWatch();
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size === 0) stopWatching(endings);
  };
}

function watchedEndings(): Set<Ending> | undefined {
  const listeners: Listener[] = process.listeners('uncaughtExceptionMonitor');
  return listeners.map((listener) => listener[ENDINGS]).find(Boolean);
}

function beginToWatch(): Set<Ending> {
  const endings = new Set<Ending>();
  const watch: Listener = (error) => {
    const isDealtWith =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (!isDealtWith) void endProcess(error, endings);
  };
  watch[ENDINGS] = endings;
  process.on('uncaughtExceptionMonitor', watch);
  return endings;
}

function stopWatching(endings: Set<Ending>): void {
  for (const listener of process.listeners('uncaughtExceptionMonitor') as Listener[]) {
    if (listener[ENDINGS] === endings) process.off('uncaughtExceptionMonitor', listener);
  }
}

async function endProcess(failure: unknown, endings: Set<Ending>): Promise<void> {
  const logger = new Logger('UncaughtFailure');
  let failures = 0;
  // Called right after this for the failure itself, then for those that come while the apps end.
  const keepAlive = (another: unknown): void => {
    failures += 1;
    if (failures > 1 && failures <= 1 + MOST_LATER_FAILURES) {
      logger.error(`Another failure outside any handler: ${textOf(another)}`, stackOf(another));
    }
  };
  process.on('uncaughtException', keepAlive);
  logger.fatal(`A failure outside any handler ends the process: ${textOf(failure)}`, stackOf(failure));
  await Promise.allSettled(Array.from(endings, (end) => end()));
  stopWatching(endings);
  process.off('uncaughtException', keepAlive);
  setImmediate(() => {
    throw failure;
  });
}
