import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from '../socket.io.js';
import { isHttp } from './handshake-refusal.js';
import type { UpgradeResponse } from './handshake-refusal.js';

type Response = ServerResponse | UpgradeResponse;
type Next = (error?: unknown) => void;
type Middleware = (request: IncomingMessage, response: Response, next: Next) => void;

/** What of an engine is private to Engine.IO. */
interface EngineInternals {
  readonly middlewares: readonly Middleware[];
  _applyMiddlewares(request: IncomingMessage, response: Response, done: Next): void;
}

/**
 * Has an engine run its middlewares at once, one after the other. By itself it makes some promises for each, which is a
 * tenth of what it takes to open a connection.
 *
 * The first is that of the option `cors`, where there is one. Nobody looks at what it says of a WebSocket that is opened
 * by a program which names no origin: there it is left out.
 */
export function runMiddlewaresAtOnce(engine: Server['engine']): void {
  const internals = engine as unknown as EngineInternals;
  const hasCors = Boolean(engine.opts.cors);
  internals._applyMiddlewares = (request, response, done) => {
    const first = hasCors && !isHttp(response) && request.headers.origin === undefined ? 1 : 0;
    runFrom(first, internals.middlewares, request, response, done);
  };
}

function runFrom(
  first: number,
  middlewares: readonly Middleware[],
  request: IncomingMessage,
  response: Response,
  done: Next,
): void {
  for (let index = first; index < middlewares.length; index += 1) {
    const outcome: { error?: unknown; isThrough: boolean; isLate: boolean } = {
      isThrough: false,
      isLate: false,
    };
    const next: Next = (error) => {
      if (outcome.isThrough) return;
      outcome.isThrough = true;
      outcome.error = error;
      if (!outcome.isLate) return;
      if (error) done(error);
      else runFrom(index + 1, middlewares, request, response, done);
    };
    try {
      middlewares[index]!(request, response, next);
    } catch (error) {
      next(error ?? new Error('A middleware of the engine failed'));
    }
    outcome.isLate = true;
    if (!outcome.isThrough) return;
    if (outcome.error) {
      done(outcome.error);
      return;
    }
  }
  done();
}
