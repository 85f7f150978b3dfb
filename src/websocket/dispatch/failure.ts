import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import type { Socket } from '../socket.io.js';
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

function stackOf(error: unknown): string | undefined {
  try {
    const stack: unknown = error instanceof Error ? error.stack : undefined;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    // It is put together when it is read; what source maps add to that fails where the message is no text.
    return undefined;
  }
}

/** What has been thrown may be anything, what a client has sent too. */
function textOf(error: unknown): string {
  if (error instanceof Error) {
    const said = [error.message, error.name].find((text: unknown) => typeof text === 'string' && text !== '');
    if (said !== undefined) return said;
  }
  // Of an object nothing is shown: it may be what a client has sent.
  if (typeof error === 'object') return 'it threw an object that is no error';
  return typeof error === 'string' ? error : inspect(error);
}
