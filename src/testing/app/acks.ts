import type { TestClient } from './test-client.js';

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

/** Whose ack it is, and of what: of an event that waits for others to be sent, or that could not be. */
export interface Ack {
  readonly client: TestClient;
  readonly sent?: SentEvent | Promise<SentEvent>;
}

const acks = new WeakMap<object, Ack>();

/** Notes which event's ack a promise of `emitWithAck` is, so that one can make statements about the promise. */
export function noteAckOf(promise: Promise<unknown>, ack: Ack): void {
  acks.set(promise, ack);
}

/** Who sent the event whose ack a value is the promise of. */
export function ackOf(promise: unknown): Ack | undefined {
  return acks.get(promise as object);
}
