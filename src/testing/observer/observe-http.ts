import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { executionContext, type ExecutionContext } from '../model/execution-context.js';
import { patch } from './patch.js';

/**
 * Runs each HTTP request in its own context.
 *
 * @param begin called with each request; returns its context, or nothing for a request to ignore
 * @returns the function that stops observing
 */
export function observeHttp(
  server: HttpServer,
  begin: (request: IncomingMessage, response: ServerResponse) => ExecutionContext | undefined,
): () => void {
  const emit = server.emit.bind(server);
  return patch(server, 'emit', (event: string, ...args: unknown[]): boolean => {
    const context = event === 'request' && begin(...(args as [IncomingMessage, ServerResponse]));
    return context ? executionContext.run(context, () => emit(event, ...args)) : emit(event, ...args);
  });
}
