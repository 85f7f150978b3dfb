import { isDeepStrictEqual } from 'node:util';
import { connectionOf } from '../engine-internals.js';
import type { Server } from '../socket.io.js';
import type { EngineRequest } from './engine-request.js';
import { isHttp, type UpgradeResponse } from './handshake-refusal.js';
import { DEFAULT_SERVER_OPTIONS } from '../websocket.options.js';
import type { ServerResponse } from 'node:http';

type Next = (error?: unknown) => void;

/**
 * Has an engine run its middlewares at once, one after the other. By itself it makes some promises for each, which is a
 * tenth of what it takes to open a connection.
 *
 * The first is that of the option `cors`, where there is one. It is left out where nobody looks at what it says: of a
 * WebSocket that is opened by a program which names no origin. Where it says the same of every request, requests of polling
 * sessions have it by an event of the engine, which costs a fifth less than a header that is set before.
 */
export function runMiddlewaresAtOnce(engine: Server['engine']): void {
  const { cors, maxHttpBufferSize } = engine.opts;
  const isConstant = isDeepStrictEqual(cors, DEFAULT_SERVER_OPTIONS.cors);
  if (isConstant)
    engine.on('headers', (headers: Record<string, string>) => (headers['Access-Control-Allow-Origin'] = '*'));

  /** A request that is too large is refused, with the headers that were set before. */
  const isOfSession = ({ method, headers, _query }: EngineRequest): boolean =>
    (method === 'GET' || Number(headers['content-length']) <= maxHttpBufferSize!) &&
    connectionOf(engine, _query.sid) !== undefined;
  const isLeftOut = (request: EngineRequest, response: ServerResponse | UpgradeResponse): boolean =>
    isHttp(response) ? isConstant && isOfSession(request) : request.headers.origin === undefined;

  engine['_applyMiddlewares'] = (request, response, done) => {
    const run = (index: number): void => {
      const middleware = engine['middlewares'][index];
      let isThrough = false;
      const next: Next = (error) => {
        if (isThrough) return;
        isThrough = true;
        if (error) done(error);
        else run(index + 1);
      };
      try {
        if (middleware) middleware(request, response, next);
        else done();
      } catch (error) {
        next(error ?? new Error('A middleware of the engine failed'));
      }
    };
    run(cors && isLeftOut(request as EngineRequest, response) ? 1 : 0);
  };
}
