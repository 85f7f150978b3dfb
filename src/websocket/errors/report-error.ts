import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';

/** What has been thrown may be anything, and may throw again when it is looked at: here nothing does. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** For readers of the log. */
export function textOf(thrown: unknown): string {
  return attempt(() => describe(thrown), 'it threw something that cannot be read');
}

export function stackOf(thrown: unknown): string | undefined {
  return attempt(() => {
    // It is put together when it is read; what source maps add to that fails where the message is no text.
    const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
    return typeof stack === 'string' ? stack : undefined;
  }, undefined);
}

/** Of an object that is no error nothing is shown: it may be what a client has sent. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) {
    const said = [thrown.message, thrown.name].find((text: unknown) => typeof text === 'string' && text !== '');
    if (said !== undefined) return said;
  }
  if (typeof thrown === 'object') return 'it threw an object that is no error';
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

const logger = new Logger('WsExceptionsHandler');

/** Logs a fault of the server's: what failed, why, and where. */
export function logFailure(what: string, error: unknown): void {
  const stack = stackOf(error);
  const said = `${what}: ${textOf(error)}`;
  if (stack) logger.error(said, stack);
  else logger.error(said);
}

/** A listener of the app's for an event has failed. */
export function logListenerFailure(client: { readonly id: string }, event: string, error: unknown): void {
  logFailure(`A listener for "${event}" failed on client ${client.id}`, error);
}

/** A URL as it may be shown and logged: without who logs in, and by what password; it need not be a valid one. */
export function redactedUrl(url: string): string {
  return url.replace(/\/\/.*@/s, '//***@');
}
