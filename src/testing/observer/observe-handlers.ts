import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { Observable, finalize, isObservable } from 'rxjs';
import { WebsocketAdapter, type Socket } from '../../websocket/index.js';
import { now } from '../settle/real-time.js';
import { executionContext } from './execution-context.js';
import { patch } from './patch.js';
import type { ServerObserver } from './server-observer.js';
import { endWith, isObject } from './work-result.js';

type Transform = (result: unknown) => Observable<unknown>;

/**
 * Sees every message handler run, from the packet to the last value of the Observable that it may return.
 *
 * @returns the function that takes it back
 */
export function observeHandlers(adapter: AbstractWsAdapter, observer: ServerObserver): () => void {
  return adapter instanceof WebsocketAdapter ? observeDispatch(adapter, observer) : observeBinding(adapter, observer);
}

/** The kit's adapter runs every handler by one method. */
function observeDispatch(adapter: WebsocketAdapter, observer: ServerObserver): () => void {
  const handle = adapter.handleMessage.bind(adapter);
  return patch(adapter, 'handleMessage', (...call: Parameters<WebsocketAdapter['handleMessage']>) => {
    const [handler, socket] = call;
    const result = observeRun(handler.event, socket, observer, () => handle(...call));
    return watchResult(result, handler.event, socket, observer);
  });
}

/** What a handler returned, with the streams in it observed. */
function watchResult(result: unknown, message: string, socket: Socket, observer: ServerObserver): unknown {
  if (isObservable(result)) return observeStream(() => result, message, socket, observer);
  if (!(result instanceof Promise)) return result;
  return result.then((value) => watchResult(value, message, socket, observer));
}

/** Runs a handler in the context of what its event has caused. */
function observeRun(message: string, socket: Socket, observer: ServerObserver, run: () => unknown): unknown {
  const finish = observer.begin(`handler of "${message}"`, socket);
  const began = now();
  const end = (): void => {
    observer.noteHandled(socket, message, now() - began);
    finish();
  };
  return executionContext.run(observer.contextOf(socket, message), () => endWith(run, end));
}

/** An adapter like Nest's is handed each socket's handlers, bound to it, in `bindMessageHandlers`. */
function observeBinding(adapter: AbstractWsAdapter, observer: ServerObserver): () => void {
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
          const result = observeRun(message, socket, observer, () => callback(...args));
          if (isObject(result)) messages.set(result, message);
          return result as ReturnType<MessageMappingProperties['callback']>;
        },
      }));
      const observedTransform: Transform = (result) => {
        const message = (isObject(result) && messages.get(result)) || 'unknown';
        return observeStream(() => transform(result), message, socket, observer);
      };
      bind(socket, observed, observedTransform);
    },
  );
}

function observeStream(
  open: () => Observable<unknown>,
  message: string,
  socket: Socket,
  observer: ServerObserver,
): Observable<unknown> {
  return new Observable((subscriber) =>
    executionContext.run(observer.contextOf(socket, message), () => {
      const end = observer.begin(`what the handler of "${message}" returned`, socket, { stream: true });
      return open().pipe(finalize(end)).subscribe(subscriber);
    }),
  );
}
