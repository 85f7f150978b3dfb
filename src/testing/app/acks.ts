import type { TestClient } from './test-client.js';

/** An event that a client has sent. */
export interface SentEvent {
  readonly event: string;
  readonly args: readonly unknown[];
  /** Its `seq` in the timeline. */
  readonly entry: number;
  /** What the server acknowledged it with, once it has. */
  ack?: readonly unknown[];
}

const sentByPromise = new WeakMap<object, { client: TestClient; sent: SentEvent }>();

/** Notes which event's ack a promise of `emitWithAck` is, so that one can make statements about the promise. */
export function noteAckOf(promise: Promise<unknown>, client: TestClient, sent: SentEvent): void {
  sentByPromise.set(promise, { client, sent });
}

/** Who sent the event whose ack a value is the promise of. */
export function ackOf(promise: unknown): { client: TestClient; sent: SentEvent } | undefined {
  return sentByPromise.get(promise as object);
}
