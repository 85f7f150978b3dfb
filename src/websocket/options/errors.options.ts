import type { Type } from '@nestjs/common';
import { oneOf, rule, withDefault, type Options } from './option-rules.js';
import type { Socket } from '../socket-io/socket.io.js';
import type { ErrorAnswer } from '../errors/error-answer.js';

/** Of which client, and in what way it is told. */
export interface FailureContext {
  readonly client: Socket;
  /** The event of the client's that has failed; undefined where its connection has. */
  readonly event: string | undefined;
  /** What was thrown; undefined where nothing was, as for an event without a handler. */
  readonly error: unknown;
  readonly by: 'ack' | 'exception' | 'connect_error';
}

/** Makes what a client is told of a failure. @returns anything that can be encoded; undefined for not telling it, but for the message of a `connect_error` */
export type CreateErrorEnvelope = (failure: ErrorAnswer, context: FailureContext) => unknown;

/** A provider that makes what a client is told of a failure. */
export interface ErrorEnvelopeFactory {
  createEnvelope: CreateErrorEnvelope;
}

/** How clients are told of failures. */
export const errorsOptions = {
  /**
   * Makes what a client gets when something fails: a function, or the class of a provider with a method
   * `createEnvelope`. If it throws or returns a promise, that is logged, and the client gets the default envelope.
   *
   * @default `{ status: 'error', code, message }`; in `exception` with `event`, the name of the event
   */
  envelope: rule<CreateErrorEnvelope | Type<ErrorEnvelopeFactory>>(
    'a function, or the class of a provider with createEnvelope()',
    (value) => typeof value === 'function',
  ),

  /**
   * How a client that asked for an ack gets the error: as the ack; by the event `exception`, as on plain Nest, where
   * the ack is never called; or by both. With `'exception'` and `'both'` the event has `cause.pattern`, as in Nest.
   *
   * @default 'ack'
   */
  tellBy: withDefault(oneOf('ack', 'exception', 'both'), 'ack'),
};

export interface ErrorsOptions extends Options<typeof errorsOptions> {}
