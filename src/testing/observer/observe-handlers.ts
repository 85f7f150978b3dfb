import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { Observable, finalize, isObservable, tap } from 'rxjs';
import { WebsocketAdapter, type Socket } from '../../websocket/index.js';
import { now } from '../timing/real-time.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import { patch } from './patch.js';
import { endWith, isObject } from './work-result.js';

/** Hears of handlers. */
export interface HandlerListener {
  /** Whether code that runs in this context is the app's. */
  isOf(context: ExecutionContext | undefined): boolean;
  contextOf(socket: Socket, event: string): ExecutionContext;
  /** Work has begun. @returns the function that ends it */
  begin(what: string, socket: Socket, options?: { stream?: boolean }): () => void;
  noteHandled(socket: Socket, event: string, took: number): void;
  noteRefusal(socket: Socket, cause: Cause | undefined, error: unknown): void;
}

type Transform = (result: unknown) => Observable<unknown>;

/**
 * Sees every message handler run, from the packet to the last value of the Observable that it may return.
 *
 * @returns the function that takes it back
 */
export function observeHandlers(adapter: AbstractWsAdapter, listener: HandlerListener): () => void {
  return adapter instanceof WebsocketAdapter ? observeDispatch(adapter, listener) : observeBinding(adapter, listener);
}

/** The kit's adapter runs every handler by one method. */
function observeDispatch(adapter: WebsocketAdapter, listener: HandlerListener): () => void {
  const handle = adapter.handleMessage.bind(adapter);
  return patch(adapter, 'handleMessage', (...call: Parameters<WebsocketAdapter['handleMessage']>) => {
    const [handler, socket] = call;
    const result = observeRun(handler.event, socket, listener, () => handle(...call));
    return watchResult(result, handler.event, socket, listener);
  });
}

/** What a handler returned, with the streams in it observed. */
function watchResult(result: unknown, message: string, socket: Socket, listener: HandlerListener): unknown {
  if (isObservable(result)) return observeStream(() => result, message, socket, listener);
  if (!(result instanceof Promise)) return result;
  return result.then((value) => watchResult(value, message, socket, listener));
}

/** Runs a handler in the context of what its event has caused. */
function observeRun(message: string, socket: Socket, listener: HandlerListener, run: () => unknown): unknown {
  const finish = listener.begin(`handler of "${message}"`, socket);
  const context = listener.contextOf(socket, message);
  const began = now();
  return executionContext.run(context, () =>
    endWith(run, (error) => {
      if (error) listener.noteRefusal(socket, context.cause, error.thrown);
      listener.noteHandled(socket, message, now() - began);
      finish();
    }),
  );
}

/** An adapter like Nest's is handed each socket's handlers, bound to it, in `bindMessageHandlers`. */
function observeBinding(adapter: AbstractWsAdapter, listener: HandlerListener): () => void {
  const bind = adapter.bindMessageHandlers.bind(adapter);
  const forget = observeFilters(listener);
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
          const result = observeRun(message, socket, listener, () => callback(...args));
          if (isObject(result)) messages.set(result, message);
          return result as ReturnType<MessageMappingProperties['callback']>;
        },
      }));
      const observedTransform: Transform = (result) => {
        const message = (isObject(result) && messages.get(result)) || 'unknown';
        return observeStream(() => transform(result), message, socket, listener);
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
const listeners = new Set<HandlerListener>();
let restoreFilters = (): void => {};

/** Nest gives what guards, pipes and handlers throw to the exception filters, and nobody else hears of it. */
function observeFilters(listener: HandlerListener): () => void {
  if (listeners.size === 0) {
    const handle = Reflect.get(WsExceptionsHandler.prototype, 'handle');
    restoreFilters = patch(WsExceptionsHandler.prototype, 'handle', noteAndHandle);
    function noteAndHandle(this: WsExceptionsHandler, ...call: Parameters<WsExceptionsHandler['handle']>): void {
      const [error, host] = call;
      const context = executionContext.getStore();
      for (const each of listeners)
        if (each.isOf(context)) each.noteRefusal(host.switchToWs().getClient(), context?.cause, error);
      handle.apply(this, call);
    }
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) restoreFilters();
  };
}

function observeStream(
  open: () => Observable<unknown>,
  message: string,
  socket: Socket,
  listener: HandlerListener,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const context = listener.contextOf(socket, message);
    return executionContext.run(context, () => {
      const end = listener.begin(`what the handler of "${message}" returned`, socket, { stream: true });
      const onError = (error: unknown): void => listener.noteRefusal(socket, context.cause, error);
      return open()
        .pipe(tap({ error: onError }), finalize(end))
        .subscribe(subscriber);
    });
  });
}
