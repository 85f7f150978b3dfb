import { Logger } from '@nestjs/common';
import { stackOf, textOf } from '../thrown.js';

const logger = new Logger('WsExceptionsHandler');

/** Logs a fault of the server's: what failed, why, and where. */
export function logFailure(what: string, error: unknown): void {
  const stack = stackOf(error);
  const said = `${what}: ${textOf(error)}`;
  if (stack) logger.error(said, stack);
  else logger.error(said);
}
