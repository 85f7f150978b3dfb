import type { ArgumentsHost } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { AbstractWsAdapter, MessageMappingProperties } from '@nestjs/websockets';
import { MESSAGE_METADATA } from '@nestjs/websockets/constants.js';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { Observable, finalize, isObservable, tap } from 'rxjs';
import { WebsocketAdapter, type Socket } from '../../websocket/index.js';
import { now } from '../timing/real-time.js';
import { executionContext, type ExecutionContext } from '../model/execution-context.js';
import type { Gateway } from './gateways.js';
import type { ObservedSocket, Seen } from './observed-socket.js';
import { patch, wrapMethod } from './patch.js';
import { endWith, isObject } from './work-result.js';

/** Observes every message handler, from the packet to the last value of the Observable that it may return. */
export function observeHandlers(adapter: AbstractWsAdapter, gateways: readonly Gateway[], seen: Seen): void {
  const { undo } = seen.app;
  const handlers = gateways.flatMap(handlersOf);
  const messages = new Set(handlers.flatMap(({ message, isIntercepted }) => (isIntercepted ? [message] : [])));
  if (adapter instanceof WebsocketAdapter) undo.push(observeDispatch(adapter, messages, seen));
  else undo.push(observeBinding(adapter, messages, seen), observeFilters(seen));
  for (const { prototype, name, message } of handlers)
    if (messages.has(message)) undo.push(observeIntercepted(prototype, name, seen));
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
function observeIntercepted(prototype: object, name: string, seen: Seen): () => void {
  return wrapMethod(prototype, name, (_, call) => {
    const running = executionContext.getStore();
    if (running?.app !== seen.app.identity) return call();
    const { onHandler, ...context } = running;
    const end = onHandler?.();
    return end ? executionContext.run(context, () => endWith(call, end)) : call();
  });
}

/** A message that a handler processes. */
interface Run {
  readonly message: string;
  readonly observed: ObservedSocket;
  /** The context in which everything that belongs to the message runs. */
  readonly context: ExecutionContext;
}

/** The kit's adapter runs every handler through one method. */
function observeDispatch(adapter: WebsocketAdapter, intercepted: ReadonlySet<string>, seen: Seen): () => void {
  const handle = adapter.handleMessage.bind(adapter);
  return patch(adapter, 'handleMessage', (...call: Parameters<WebsocketAdapter['handleMessage']>) => {
    const [{ event: message }, socket] = call;
    const observed = seen.of(socket);
    if (!observed) return handle(...call);
    const { result, run } = observeRun(message, observed, intercepted.has(message), () => handle(...call));
    return watchResult(result, run);
  });
}

/** Returns a handler's result, with the streams in it observed. */
function watchResult(result: unknown, run: Run): unknown {
  if (isObservable(result)) return observeStream(() => result, run);
  if (!(result instanceof Promise)) return result;
  return result.then((value) => watchResult(value, run));
}

/** Runs a handler in a context that has its event as the cause. */
function observeRun(
  message: string,
  observed: ObservedSocket,
  isIntercepted: boolean,
  call: () => unknown,
): { result: unknown; run: Run } {
  const { app, cause } = observed.contextOf(message);
  let isCalled = !isIntercepted;
  let isOver = false;
  const begin = (): (() => void) => {
    const finish = observed.begin(`handler of "${message}"`);
    const began = now();
    return () => {
      if (isCalled) observed.noteHandled(message, now() - began);
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
      if (error) observed.noteRefusal(cause, error.thrown);
      isCalled ||= error !== undefined;
      end();
    }),
  );
  return { result, run: { message, observed, context } };
}

/** An adapter like Nest's gets each socket's handlers, bound to the socket, in `bindMessageHandlers`. */
function observeBinding(adapter: AbstractWsAdapter, intercepted: ReadonlySet<string>, seen: Seen): () => void {
  const bind = adapter.bindMessageHandlers.bind(adapter);
  const bindObserved: typeof bind = (socket: Socket, handlers: MessageMappingProperties[], transform) => {
    // The adapter calls `transform` with exactly what the handler returned, which links the two.
    const runs = new WeakMap<object, Run>();
    const observedHandlers = handlers.map(({ callback, ...handler }) => ({
      ...handler,
      callback: (...args: unknown[]) => {
        const message = String(handler.message);
        const call = (): unknown => callback(...args);
        const observed = seen.of(socket);
        if (!observed) return call() as ReturnType<MessageMappingProperties['callback']>;
        const { result, run } = observeRun(message, observed, intercepted.has(message), call);
        if (isObject(result)) runs.set(result, run);
        return result as ReturnType<MessageMappingProperties['callback']>;
      },
    }));
    bind(socket, observedHandlers, (result: unknown) => {
      const run = isObject(result) && runs.get(result);
      return run ? observeStream(() => transform(result), run) : transform(result);
    });
  };
  return patch(adapter, 'bindMessageHandlers', bindObserved);
}

/** Nest gives what guards, pipes and handlers throw to the exception filters, and to nothing else. */
function observeFilters(seen: Seen): () => void {
  // All apps share this class of Nest's, so the error may belong to another app.
  return wrapMethod(WsExceptionsHandler.prototype, 'handle', ([error, host], call) => {
    const { app, cause } = executionContext.getStore() ?? {};
    if (app === seen.app.identity)
      seen.of((host as ArgumentsHost).switchToWs().getClient<Socket>())?.noteRefusal(cause, error);
    return call();
  });
}

function observeStream(open: () => Observable<unknown>, { message, observed, context }: Run): Observable<unknown> {
  return new Observable((subscriber) =>
    executionContext.run(context, () => {
      const end = observed.begin(`what the handler of "${message}" returned`, { stream: true });
      const onError = (error: unknown): void => observed.noteRefusal(context.cause, error);
      return open()
        .pipe(tap({ error: onError }), finalize(end))
        .subscribe(subscriber);
    }),
  );
}
