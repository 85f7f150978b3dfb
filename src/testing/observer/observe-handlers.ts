import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { Observable, finalize } from 'rxjs';
import type { Socket } from '../../websocket/index.js';
import { now } from '../settle/real-time.js';
import { executionContext } from './execution-context.js';
import { patch } from './patch.js';
import type { ServerObserver } from './server-observer.js';
import { endWith, isObject } from './work-result.js';

type Transform = (result: unknown) => Observable<unknown>;

/**
 * Sees every message handler run, from the packet to the last value of the Observable that it may return: the
 * adapter is handed them all in `bindMessageHandlers`.
 *
 * @returns the function that takes it back
 */
export function observeHandlers(adapter: AbstractWsAdapter, observer: ServerObserver): () => void {
  const bind = adapter.bindMessageHandlers.bind(adapter);
  return patch(
    adapter,
    'bindMessageHandlers',
    (socket: Socket, handlers: MessageMappingProperties[], transform: Transform) => {
      // The adapter calls `transform` with just what the handler returned: by that the two are known to belong together.
      const messages = new WeakMap<object, string>();
      const observed = handlers.map(({ callback, ...handler }) => ({
        ...handler,
        callback: (...args: unknown[]) => {
          const message = String(handler.message);
          const finish = observer.begin(`handler of "${message}"`, socket);
          const began = now();
          const end = (): void => {
            observer.noteHandled(socket, message, now() - began);
            finish();
          };
          const result: unknown = executionContext.run(observer.contextOf(socket, message), () =>
            endWith(() => callback(...args), end),
          );
          if (isObject(result)) messages.set(result, message);
          return result as ReturnType<MessageMappingProperties['callback']>;
        },
      }));
      const observedTransform: Transform = (result) => {
        const message = (isObject(result) && messages.get(result)) || 'unknown';
        return observeStream(transform, result, message, socket, observer);
      };
      bind(socket, observed, observedTransform);
    },
  );
}

function observeStream(
  transform: Transform,
  result: unknown,
  message: string,
  socket: Socket,
  observer: ServerObserver,
): Observable<unknown> {
  return new Observable((subscriber) =>
    executionContext.run(observer.contextOf(socket, message), () => {
      const end = observer.begin(`what the handler of "${message}" returned`, socket, { stream: true });
      return transform(result).pipe(finalize(end)).subscribe(subscriber);
    }),
  );
}
