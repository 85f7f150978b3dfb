import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Ack } from './message-handler.js';
import { functionOf } from '../options/function-or-provider.js';
import type { Socket } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import type { ErrorAnswer } from '../errors/error-answer.js';
import { INTERNAL_ERROR, errorAnswer, connectError, messageOf } from '../errors/error-answer.js';
import type { CreateErrorEnvelope, FailureContext } from '../options/errors.options.js';
import { isPromise } from '../errors/guarded-call.js';
import { attempt, logFailure } from '../errors/report-error.js';

export interface Failure {
  readonly answer: ErrorAnswer;
  /** What was thrown; undefined if nothing was. */
  readonly error?: unknown;
  /** Whether an exception filter has already told the client, so that only the ack needs an answer. */
  readonly isTold?: boolean;
}

/** Tells clients about failures, as the option `errors` says. */
@Injectable()
export class Failures {
  private createEnvelope: CreateErrorEnvelope = defaultEnvelope;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws WebsocketOptionsError if the provider of the envelope cannot be resolved */
  prepare(): void {
    const { envelope } = this.options.errors;
    if (envelope) this.createEnvelope = functionOf(this.moduleRef, 'errors.envelope', envelope, 'createEnvelope');
  }

  /**
   * Tells a client about a failure: by the ack, the event `exception`, or both, as the option `errors.tellBy` says.
   * Without an ack, it is always the event.
   *
   * @param event the client's event that failed; undefined if the failure is not about an event
   */
  tell(client: Socket, { answer, error, isTold }: Failure, event?: string, ack?: Ack): void {
    const { tellBy } = this.options.errors;
    const context = { client, event, error };
    if (ack && tellBy !== 'exception') this.say(ack, answer, { ...context, by: 'ack' });
    if (isTold || (ack && tellBy === 'ack')) return;
    const exception = tellBy === 'ack' ? answer : { ...answer, cause: { pattern: event } };
    this.say((envelope) => client.emit('exception', envelope), exception, { ...context, by: 'exception' });
  }

  /** The error for Socket.IO to refuse a client with. */
  connectError(client: Socket, { answer, error }: Failure): Error {
    return connectError(answer, this.envelope(answer, { client, event: undefined, error, by: 'connect_error' }));
  }

  private say(tell: (envelope: unknown) => void, failure: ErrorAnswer, context: FailureContext): void {
    try {
      const envelope = this.envelope(failure, context);
      if (envelope !== undefined) tell(envelope);
    } catch (error) {
      logFailure(`What client ${context.client.id} is to be told of a failure cannot be encoded`, error);
      const isTold = attempt(() => (tell(errorAnswer(failure.code, messageOf(failure))), true), false);
      if (!isTold) attempt(() => tell(INTERNAL_ERROR), undefined);
    }
  }

  private envelope(failure: ErrorAnswer, context: FailureContext): unknown {
    try {
      const envelope = this.createEnvelope(failure, context);
      if (!isPromise(envelope)) return envelope;
      envelope.then(undefined, onFailure);
      onFailure(new Error('it returned a promise; an envelope is made at once'));
    } catch (error) {
      onFailure(error);
    }
    return defaultEnvelope(failure, context);
  }
}

function onFailure(error: unknown): void {
  logFailure('The option "errors.envelope" failed', error);
}

function defaultEnvelope(failure: ErrorAnswer, { event, by }: FailureContext): unknown {
  return by === 'exception' && event !== undefined ? { ...failure, event: failure.event ?? event } : failure;
}
