import type { Socket as TcpSocket } from 'node:net';
import { guardedCall } from '../errors/guarded-call.js';
import { MiddlewareError, guardedMiddleware } from '../errors/guarded-middleware.js';
import { logFailure } from '../errors/report-error.js';
import type { Server } from './socket.io.js';
import { isHttp } from './engine-internals.js';

/**
 * Has an engine run its middlewares at once, one after the other. By itself it makes some promises for each, which is a
 * tenth of what it takes to open a connection. To be called when it has all of the module's, and none of the app's.
 *
 * The first is that of the option `cors`, where there is one. Of a WebSocket that is opened by a program which names no
 * origin, it decides nothing unless the app does, by a function: there it is left out.
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
 * Engine.IO has just begun to listen for the end of the connection, to tell it those who were given the response to an
 * upgrade. As long as the WebSocket is open that takes 350 bytes, which is a thirtieth of an idle connection. Where no
 * middleware of the app's is given the response, nobody can hear it.
 */
function releaseResponse(socket: TcpSocket): void {
  const latest = socket.listeners('close').at(-1) as () => void;
  if (String(latest) === '() => this.emit("close")') socket.off('close', latest);
}
