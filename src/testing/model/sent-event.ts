/** An event that a client has sent. */
export interface SentEvent {
  readonly event: string;
  readonly args: readonly unknown[];
  /** Its `seq` in the timeline. */
  readonly entry: number;
  /** What the server acknowledged it with, once it has. */
  ack?: readonly unknown[];
  /** Whether the ack goes to whoever awaits `emitWithAck`; any other goes to a function of the test's. */
  isAwaited?: boolean;
  /** Whether the client waits no longer, by its option `ackTimeout`: an ack that comes now goes to nobody. */
  isGivenUp?: boolean;
}
