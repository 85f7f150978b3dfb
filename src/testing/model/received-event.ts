import type { Cause } from './execution-context.js';

/** An event that a client received. */
export interface ReceivedEvent {
  readonly event: string;
  /** As a listener would get them; where the server asks for an ack, the last is the function that gives it. */
  readonly args: readonly unknown[];
  /** When, in milliseconds since the app began to boot. */
  readonly at: number;
  /** What made the server send it, where that is known. */
  readonly cause?: Cause;
  /** Its `seq` in the timeline. */
  readonly entry?: number;
  /** When the server sent it, where that is known, see `nextMoment`. */
  readonly sentAt?: number;
  /** Whether a listener of the test's own got it. */
  readonly isHeard?: boolean;
}

/** The arguments that were sent: without the function that gives the ack. */
export function payloadOf({ args }: ReceivedEvent): readonly unknown[] {
  return typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
}
