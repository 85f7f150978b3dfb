/** An event that a client sent. */
export interface SentEvent {
  readonly event: string;
  readonly args: readonly unknown[];
  /** Its `seq` in the timeline. */
  readonly entry: number;
  /** The values of the server's ack, once it has arrived. */
  ack?: readonly unknown[];
  /** Resolves when it is known whether the server refused it; `undefined` if that was known with the ack. */
  isJudged?: Promise<void>;
  /** Whether `emitWithAck` awaits the ack. Any other ack goes to a function of the test. */
  isAwaited?: boolean;
  /** Whether the client has stopped waiting, by its option `ackTimeout`. A later ack is ignored. */
  isGivenUp?: boolean;
}
