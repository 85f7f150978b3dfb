import type { Socket } from '../socket-io/socket.io.js';

/** Socket.IO's function that answers an event. Only the first call has an effect. */
export type Ack = (...answer: unknown[]) => void;

/** A method with the decorator `@SubscribeMessage`, and all that Nest runs around it. */
export interface MessageHandler {
  /** For logs, such as `ChatGateway.join`. */
  readonly name: string;
  readonly event: string;
  /** Whether it takes the ack with `@Ack()` and answers by itself. */
  readonly acksItself: boolean;
  /**
   * Runs guards, interceptors, pipes and the method.
   *
   * @param data the client's argument, or an array of several
   * @returns what the method returns: a value, a promise or an Observable
   * @throws what any of them throws; `FilteredError` if one of the handler's own exception filters has handled it
   */
  run(client: Socket, data: unknown, ack: Ack | undefined): unknown;
}

/** The handlers of each event, in the order in which they run. */
export type Routes = ReadonlyMap<string, readonly MessageHandler[]>;
