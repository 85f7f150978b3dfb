import type { Socket } from '../socket-io/socket.io.js';

/** Socket.IO's function that answers an event; what is said after the first answer is lost. */
export type Ack = (...answer: unknown[]) => void;

/** A method that is decorated with `@SubscribeMessage`, with all that Nest runs around it. */
export interface MessageHandler {
  /** For readers, as in `ChatGateway.join`. */
  readonly name: string;
  readonly event: string;
  /** Whether it takes the ack, by `@Ack()`, and answers by itself. */
  readonly acksItself: boolean;
  /**
   * Runs guards, interceptors, pipes and the method.
   *
   * @param data what the client sent: one argument, or an array of several
   * @returns what the method returned: a value, a promise or an Observable
   * @throws what any of them threw; `FilteredError` when one of the handler's own filters has dealt with it
   */
  run(client: Socket, data: unknown, ack: Ack | undefined): unknown;
}

/** The handlers for each event, in the order in which they run. */
export type Routes = ReadonlyMap<string, readonly MessageHandler[]>;
