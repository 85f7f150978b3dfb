import { Logger } from '@nestjs/common';
import type { Socket } from '../socket.io.js';
import { stackOf, textOf } from '../thrown.js';
import { answer } from './error-answer.js';
import type { ErrorAnswer } from './error-answer.js';
import type { Ack } from './message-handler.js';

const logger = new Logger('WsExceptionsHandler');

/** Tells a client of a failure: in the ack, or by the event `exception` where it asked for none. */
export function tellFailure(client: Socket, ack: Ack | undefined, failure: ErrorAnswer): void {
  const tell = ack ?? ((answered: ErrorAnswer) => client.emit('exception', answered));
  try {
    tell(failure);
  } catch {
    // An exception of the app's carries something that cannot be encoded.
    tell(answer(failure.code, failure.message));
  }
}

/** Logs a fault of the server's: what failed, why, and where. */
export function logFailure(what: string, error: unknown): void {
  const stack = stackOf(error);
  const said = `${what}: ${textOf(error)}`;
  if (stack) logger.error(said, stack);
  else logger.error(said);
}
