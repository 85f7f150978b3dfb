import { constants } from 'node:os';
import { Logger } from '@nestjs/common';

/** How long after its deadline a shutdown may take to come to its end, in milliseconds. */
const TOLERANCE = 500;

/**
 * Ends the process where closing the app does not: when another signal comes while it closes, and when a shutdown hook
 * hangs longer than the app may take. The first has the code that the signal itself would give, the second 1.
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
  // oxlint-disable-next-line unicorn/no-process-exit -- whatever hangs keeps the process from ending by itself
  process.exit(code);
}
