import { Logger } from '@nestjs/common';
import type { WsResponse } from '@nestjs/websockets';
import { isObservable, tap, type Observable, type Subscription } from 'rxjs';
import { isFiltered, isMeantForClient, toErrorAnswer, type ErrorAnswer } from '../errors/error-answer.js';
import type { Failure, Failures } from './failures.js';
import { guardedCall, isPromise } from '../errors/guarded-call.js';
import { logFailure } from '../errors/report-error.js';
import type { Socket } from '../socket-io/socket.io.js';
import { handlerWork, type InFlight, type Work } from '../nest/in-flight.js';
import type { Ack, MessageHandler } from './message-handler.js';

const logger = new Logger('WsExceptionsHandler');

export interface Dispatch {
  readonly inFlight: InFlight;
  readonly failures: Failures;
  /** Runs a handler: `handleMessage` of the adapter, which a subclass can override. */
  invoke(handler: MessageHandler, client: Socket, data: unknown, ack: Ack | undefined): unknown;
}

/** The client that has sent an event. */
export interface Sender {
  readonly dispatch: Dispatch;
  readonly socket: Socket;
  /** Keeps the subscription to a handler's Observable until the client leaves. */
  add(stream: Subscription): void;
}

/**
 * An event of a client. It runs its handlers and is answered once.
 *
 * With several handlers, the first value is the answer. If no handler has a value, the first error is the answer.
 * Without an error, the answer is empty.
 */
export class Message {
  private readonly data: unknown;
  private waitingFor: number;
  private failure: Failure | undefined;
  private acksItself = false;

  constructor(
    private readonly sender: Sender,
    private readonly event: string,
    /** Without the event's name and the ack. */
    private readonly args: readonly unknown[],
    private readonly ack: Ack | undefined,
    private readonly handlers: readonly MessageHandler[],
  ) {
    this.data = args.length > 1 ? args : args[0];
    this.waitingFor = handlers.length;
  }

  run(): void {
    for (const handler of this.handlers) {
      if (handler.acksItself) this.acksItself = true;
      try {
        this.take(handler, this.sender.dispatch.invoke(handler, this.sender.socket, this.data, this.ack));
      } catch (error) {
        this.fail(handler, error);
      }
    }
  }

  /** Answers with an error instead of running the handlers. */
  refuse(answer: ErrorAnswer): void {
    if (this.ack) this.sender.dispatch.failures.tell(this.sender.socket, { answer }, this.event, this.ack);
  }

  /** Handles what a handler has returned, or what its promise has resolved to. */
  private take(handler: MessageHandler, result: unknown): void {
    if (isPromise(result)) return this.wait(handler, result);
    if (isObservable(result)) return this.follow(handler, result);
    this.say(handler, result);
    this.done();
  }

  private wait(handler: MessageHandler, result: Promise<unknown>): void {
    const work = this.begin(handler);
    const onError = (error: unknown): void => this.fail(handler, error);
    // If the value is an Observable, subscribing to it may throw.
    const onValue = (value: unknown): void => guardedCall(() => this.take(handler, value), onError);
    void Promise.resolve(result)
      .then(onValue, onError)
      .then(() => this.sender.dispatch.inFlight.end(work));
  }

  private follow(handler: MessageHandler, stream: Observable<unknown>): void {
    const work = this.begin(handler);
    // A value that cannot be sent ends the stream with its error: the client may wait for the ack, and no other value come.
    const subscription = stream.pipe(tap((value) => this.say(handler, value))).subscribe({
      // The stream may never end. A shutdown waits only for the answer, which is the first value.
      next: () => this.sender.dispatch.inFlight.end(work),
      error: (error) => this.fail(handler, error),
      complete: () => this.done(),
    });
    subscription.add(() => this.sender.dispatch.inFlight.end(work));
    if (!subscription.closed) this.sender.add(subscription);
  }

  private begin({ event }: MessageHandler): Work {
    return this.sender.dispatch.inFlight.begin(handlerWork(event, this.sender.socket));
  }

  /**
   * Answers with a value, or emits it if it is a `WsResponse`.
   *
   * @throws Error when the value cannot be encoded, or Socket.IO reserves the name of its event
   */
  private say(handler: MessageHandler, value: unknown): void {
    if (this.isWsResponse(value)) this.sender.socket.emit(value.event, ...this.spread(value.data));
    else if (value !== undefined && !handler.acksItself) this.answer(handler, value);
  }

  private answer(handler: MessageHandler, value: unknown): void {
    if (this.ack) this.ack(...this.spread(value));
    else if (value !== this.data && Object(value).event)
      logger.warn(`${handler.name} returned an "event" that is no name of one: nothing is emitted`);
  }

  /** Whether a value is an event to emit, as in Nest. The very object that the client sent is an answer instead. */
  private isWsResponse(value: unknown): value is WsResponse {
    if (typeof value !== 'object' || value === null || this.args.includes(value)) return false;
    const { event } = value as { event?: unknown };
    return typeof event === 'number' || (typeof event === 'string' && event !== '');
  }

  /** A handler that returns its array of several arguments answers with several arguments. */
  private spread(value: unknown): readonly unknown[] {
    return value === this.args ? this.args : [value];
  }

  private fail(handler: MessageHandler, error: unknown): void {
    if (!isMeantForClient(error)) this.note(handler, error);
    const isTold = isFiltered(error);
    if (this.ack || !isTold) this.tell({ answer: toErrorAnswer(error), error: isTold ? error.cause : error, isTold });
    this.done();
  }

  /** With an ack, the failure waits until all handlers have finished: another one may still have a value. */
  private tell(failure: Failure): void {
    if (this.ack) this.failure ??= failure;
    else this.sender.dispatch.failures.tell(this.sender.socket, failure, this.event);
  }

  private note(handler: MessageHandler, error: unknown): void {
    logFailure(`${handler.name} failed on "${handler.event}" of client ${this.sender.socket.id}`, error);
  }

  private done(): void {
    this.waitingFor -= 1;
    if (this.waitingFor > 0 || !this.ack) return;
    if (this.failure) this.sender.dispatch.failures.tell(this.sender.socket, this.failure, this.event, this.ack);
    else if (!this.acksItself) this.ack();
  }
}
