import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';

/** Returns `otherwise` if `read` throws. A thrown value may be anything, and may throw again when it is read. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** For the log. */
export function textOf(thrown: unknown): string {
  return attempt(() => describe(thrown), 'it threw something that cannot be read');
}

/** The text of a refusal: itself if it is a string, otherwise its `message`. The app may refuse with any value. */
export function saidBy(refusal: unknown, otherwise: string): string {
  return attempt(() => {
    const { message } = Object(refusal) as { message?: unknown };
    return [refusal, message].find((text) => typeof text === 'string') ?? otherwise;
  }, otherwise);
}

export function stackOf(thrown: unknown): string | undefined {
  return attempt(() => {
    // The stack is built when it is read. With source maps, this throws if the message is not a string.
    const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
    return typeof stack === 'string' ? stack : undefined;
  }, undefined);
}

/** Shows nothing of an object that is not an error, because it may be client input. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) {
    const said = [thrown.message, thrown.name].find((text: unknown) => typeof text === 'string' && text !== '');
    if (said !== undefined) return said;
  }
  if (typeof thrown === 'object') return 'it threw an object that is no error';
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

const logger = new Logger('WsExceptionsHandler');

/** Logs a fault of the server: what failed, why, and where. */
export function logFailure(what: string, error: unknown): void {
  const stack = stackOf(error);
  const said = `${what}: ${textOf(error)}`;
  if (stack) logger.error(said, stack);
  else logger.error(said);
}

export function logListenerFailure(client: { readonly id: string }, event: string, error: unknown): void {
  logFailure(`A listener for "${event}" failed on client ${client.id}`, error);
}

/** Removes the user name and the password from a URL, for messages and logs. The URL need not be valid. */
export function redactedUrl(url: string): string {
  return url.replace(/\/\/.*@/s, '//***@');
}
