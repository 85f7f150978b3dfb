import type { Socket as TcpSocket } from 'node:net';
import { guardedCall } from '../errors/guarded-call.js';
import { MiddlewareError, guardedMiddleware } from '../errors/guarded-middleware.js';
import { logFailure } from '../errors/report-error.js';
import type { Server } from './socket.io.js';
import { isHttp } from './engine-internals.js';

/**
 * Makes an engine run its middlewares synchronously, one after the other. By itself it creates promises for each, which
 * is a tenth of the cost of opening a connection. Call this when the engine has all middlewares of the module, and none
 * of the app.
 *
 * The first middleware is that of the option `cors`, if it is set. It is skipped for a WebSocket without an `Origin`
 * header, because it decides nothing there, unless `cors.origin` is a function.
 */
export function runMiddlewaresAtOnce(engine: Server['engine']): void {
  const { cors } = engine.opts;
  const isSkipped = Boolean(cors) && typeof cors === 'object' && typeof cors.origin !== 'function';
  const ours = engine['middlewares'].length;
  engine['_applyMiddlewares'] = (request, response, done) => {
    if (engine['middlewares'].length === ours && !isHttp(response)) releaseResponse(request.socket);
    const fail = (error: unknown): void => {
      if (error instanceof MiddlewareError) logFailure(error.message, error.cause);
      done(error ?? new Error('A request failed'));
    };
    const run = (index: number): void => {
      const middleware = engine['middlewares'][index];
      if (!middleware) return guardedCall(done, fail);
      const onOutcome = (error?: unknown): void => (error ? fail(error) : run(index + 1));
      guardedMiddleware((next) => middleware(request, response, next), onOutcome, 'a request');
    };
    run(isSkipped && !isHttp(response) && request.headers.origin === undefined ? 1 : 0);
  };
}

/**
 * Removes a `close` listener that Engine.IO has just added to the TCP connection, to emit `close` on the response of an
 * upgrade. It costs 350 bytes while the WebSocket is open, a thirtieth of an idle connection. If no middleware of the
 * app gets the response, nothing can listen to it.
 */
function releaseResponse(socket: TcpSocket): void {
  const latest = socket.listeners('close').at(-1) as () => void;
  if (String(latest) === '() => this.emit("close")') socket.off('close', latest);
}
