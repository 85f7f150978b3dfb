import { MetadataScanner } from '@nestjs/core';
import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { MESSAGE_METADATA } from '@nestjs/websockets/constants.js';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { Observable, finalize, isObservable, tap } from 'rxjs';
import { WebsocketAdapter, type Socket } from '../../websocket/index.js';
import { now } from '../timing/real-time.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import type { Gateway } from './gateways.js';
import { patch } from './patch.js';
import { endWith, isObject } from './work-result.js';
import { wrapMethod } from './wrap-method.js';

export interface HandlerListener {
  /** Whether code that runs in this context belongs to the app. */
  isOf(context: ExecutionContext | undefined): boolean;
  contextOf(socket: Socket, event: string): ExecutionContext;
  /** Records work in flight. @returns the function that ends it */
  begin(what: string, socket: Socket, options?: { stream?: boolean }): () => void;
  noteHandled(socket: Socket, event: string, took: number): void;
  noteRefusal(socket: Socket, cause: Cause | undefined, error: unknown): void;
}

type Transform = (result: unknown) => Observable<unknown>;

/**
 * Observes every message handler, from the packet to the last value of the Observable that it may return.
 *
 * @returns the function that stops observing
 */
export function observeHandlers(
  adapter: AbstractWsAdapter,
  gateways: readonly Gateway[],
  listener: HandlerListener,
): () => void {
  const handlers = gateways.flatMap(handlersOf);
  const messages = new Set(handlers.flatMap(({ message, isIntercepted }) => (isIntercepted ? [message] : [])));
  const restores = [
    adapter instanceof WebsocketAdapter
      ? observeDispatch(adapter, messages, listener)
      : observeBinding(adapter, messages, listener),
    ...handlers
      .filter(({ message }) => messages.has(message))
      .map(({ prototype, name }) => observeIntercepted(prototype, name, listener)),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/** The handlers of a gateway, and whether each has interceptors. */
function handlersOf({ prototype, hasInterceptors }: Gateway) {
  const methods = prototype as Record<string, object>;
  const names = new MetadataScanner().getAllMethodNames(prototype);
  return names.flatMap((name) => {
    const message = Reflect.getMetadata(MESSAGE_METADATA, methods[name]!) as string | number | undefined;
    return message === undefined
      ? []
      : [{ prototype, name, message: String(message), isIntercepted: hasInterceptors(methods[name]!) }];
  });
}

/** An intercepted handler runs when the interceptor's Observable is subscribed to, and may outlive this. */
function observeIntercepted(prototype: object, name: string, listener: HandlerListener): () => void {
  return wrapMethod(prototype, name, (_, call) => {
    const { onHandler, ...context } = executionContext.getStore() ?? {};
    const end = listener.isOf(context as ExecutionContext) ? onHandler?.() : undefined;
    return end ? executionContext.run(context as ExecutionContext, () => endWith(call, end)) : call();
  });
}

/** A message that a handler processes. */
interface Run {
  readonly message: string;
  readonly socket: Socket;
  /** The context in which everything that belongs to the message runs. */
  readonly context: ExecutionContext;
}

/** The kit's adapter runs every handler through one method. */
function observeDispatch(
  adapter: WebsocketAdapter,
  intercepted: ReadonlySet<string>,
  listener: HandlerListener,
): () => void {
  const handle = adapter.handleMessage.bind(adapter);
  return patch(adapter, 'handleMessage', (...call: Parameters<WebsocketAdapter['handleMessage']>) => {
    const [{ event: message }, socket] = call;
    const isIntercepted = intercepted.has(message);
    const { result, run } = observeRun({ message, socket, isIntercepted }, listener, () => handle(...call));
    return watchResult(result, run, listener);
  });
}

/** Returns a handler's result, with the streams in it observed. */
function watchResult(result: unknown, run: Run, listener: HandlerListener): unknown {
  if (isObservable(result)) return observeStream(() => result, run, listener);
  if (!(result instanceof Promise)) return result;
  return result.then((value) => watchResult(value, run, listener));
}

/** Runs a handler in a context that has its event as the cause. */
function observeRun(
  { message, socket, isIntercepted }: { message: string; socket: Socket; isIntercepted: boolean },
  listener: HandlerListener,
  call: () => unknown,
): { result: unknown; run: Run } {
  const { app, cause } = listener.contextOf(socket, message);
  let isCalled = !isIntercepted;
  let isOver = false;
  const begin = (): (() => void) => {
    const finish = listener.begin(`handler of "${message}"`, socket);
    const began = now();
    return () => {
      if (isCalled) listener.noteHandled(socket, message, now() - began);
      finish();
    };
  };
  // From then on, the interceptor deals with what the handler throws.
  const onHandler = (): (() => void) | undefined => {
    const isLate = isOver && !isCalled;
    isCalled = true;
    return isLate ? begin() : undefined;
  };
  const context = { app, cause, onHandler };
  const end = begin();
  const result = executionContext.run(context, () =>
    endWith(call, (error) => {
      isOver = true;
      if (error) listener.noteRefusal(socket, cause, error.thrown);
      isCalled ||= error !== undefined;
      end();
    }),
  );
  return { result, run: { message, socket, context } };
}

/** An adapter like Nest's gets each socket's handlers, bound to the socket, in `bindMessageHandlers`. */
function observeBinding(
  adapter: AbstractWsAdapter,
  intercepted: ReadonlySet<string>,
  listener: HandlerListener,
): () => void {
  const bind = adapter.bindMessageHandlers.bind(adapter);
  const forget = observeFilters(listener);
  const restore = patch(
    adapter,
    'bindMessageHandlers',
    (socket: Socket, handlers: MessageMappingProperties[], transform: Transform) => {
      // The adapter calls `transform` with exactly what the handler returned, which links the two.
      const runs = new WeakMap<object, Run>();
      const observed = handlers.map(({ callback, ...handler }) => ({
        ...handler,
        callback: (...args: unknown[]) => {
          const message = String(handler.message);
          const known = { message, socket, isIntercepted: intercepted.has(message) };
          const { result, run } = observeRun(known, listener, () => callback(...args));
          if (isObject(result)) runs.set(result, run);
          return result as ReturnType<MessageMappingProperties['callback']>;
        },
      }));
      const observedTransform: Transform = (result) => {
        const run = isObject(result) && runs.get(result);
        return run ? observeStream(() => transform(result), run, listener) : transform(result);
      };
      bind(socket, observed, observedTransform);
    },
  );
  return () => {
    forget();
    restore();
  };
}

/** The listeners of all live apps. They share one patch, because the patched method is on a class of Nest's. */
const listeners = new Set<HandlerListener>();
let restoreFilters = (): void => {};

/** Nest gives what guards, pipes and handlers throw to the exception filters, and to nothing else. */
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
  { message, socket, context }: Run,
  listener: HandlerListener,
): Observable<unknown> {
  return new Observable((subscriber) =>
    executionContext.run(context, () => {
      const end = listener.begin(`what the handler of "${message}" returned`, socket, { stream: true });
      const onError = (error: unknown): void => listener.noteRefusal(socket, context.cause, error);
      return open()
        .pipe(tap({ error: onError }), finalize(end))
        .subscribe(subscriber);
    }),
  );
}
