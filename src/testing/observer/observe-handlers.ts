import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { Observable, finalize, isObservable, tap } from 'rxjs';
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
  const context = observer.contextOf(socket, message);
  const began = now();
  return executionContext.run(context, () =>
    endWith(run, (error) => {
      if (error) observer.noteRefusal(socket, context.cause, error.thrown);
      observer.noteHandled(socket, message, now() - began);
      finish();
    }),
  );
}

/** An adapter like Nest's is handed each socket's handlers, bound to it, in `bindMessageHandlers`. */
function observeBinding(adapter: AbstractWsAdapter, observer: ServerObserver): () => void {
  const bind = adapter.bindMessageHandlers.bind(adapter);
  const forget = observeFilters(observer);
  const restore = patch(
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
  return () => {
    forget();
    restore();
  };
}

/** Those whose apps are alive; Nest has the method that they are told by on a class, which all apps share. */
const observers = new Set<ServerObserver>();
let restoreFilters = (): void => {};

/** Nest gives what guards, pipes and handlers throw to the exception filters, and nobody else hears of it. */
function observeFilters(observer: ServerObserver): () => void {
  if (observers.size === 0) {
    const handle = Reflect.get(WsExceptionsHandler.prototype, 'handle');
    restoreFilters = patch(WsExceptionsHandler.prototype, 'handle', noteAndHandle);
    function noteAndHandle(this: WsExceptionsHandler, ...call: Parameters<WsExceptionsHandler['handle']>): void {
      const [error, host] = call;
      const context = executionContext.getStore();
      for (const each of observers)
        if (each.isOf(context)) each.noteRefusal(host.switchToWs().getClient(), context?.cause, error);
      handle.apply(this, call);
    }
  }
  observers.add(observer);
  return () => {
    observers.delete(observer);
    if (observers.size === 0) restoreFilters();
  };
}

function observeStream(
  open: () => Observable<unknown>,
  message: string,
  socket: Socket,
  observer: ServerObserver,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const context = observer.contextOf(socket, message);
    return executionContext.run(context, () => {
      const end = observer.begin(`what the handler of "${message}" returned`, socket, { stream: true });
      const onError = (error: unknown): void => observer.noteRefusal(socket, context.cause, error);
      return open()
        .pipe(tap({ error: onError }), finalize(end))
        .subscribe(subscriber);
    });
  });
}
