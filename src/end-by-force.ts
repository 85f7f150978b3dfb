import { constants } from 'node:os';
import { Logger } from '@nestjs/common';

/** How long a shutdown may take beyond its timeout, in milliseconds. */
const TOLERANCE = 500;

/**
 * Ends the process if closing the app does not. A second signal while the app closes ends it with the signal's exit
 * code. A shutdown hook that hangs beyond the timeout ends it with exit code 1.
 *
 * @param timeout how long the app may take to close after a signal, in milliseconds
 */
export function endByForce(signals: readonly ('SIGTERM' | 'SIGINT')[], timeout: number): void {
  const logger = new Logger('ReferenceServer');
  let isClosing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isClosing) {
      logger.warn(`${signal} while closing: ends at once`);
      exit(128 + constants.signals[signal]);
    }
    isClosing = true;
    setTimeout(() => {
      logger.error(`Closing has not come to its end within ${timeout} ms: a shutdown hook hangs`);
      exit(1);
    }, timeout + TOLERANCE);
  };
  for (const signal of signals) process.on(signal, onSignal);
}

function exit(code: number): never {
  // oxlint-disable-next-line unicorn/no-process-exit -- a hook that hangs keeps the process from ending by itself
  process.exit(code);
}
