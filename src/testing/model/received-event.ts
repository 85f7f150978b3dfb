import type { Cause } from './execution-context.js';

/** An event that a client received. */
export interface ReceivedEvent {
  readonly event: string;
  /** The arguments as a listener gets them. If the server asks for an ack, the last one is the ack function. */
  readonly args: readonly unknown[];
  /** When, in milliseconds since the app began to boot. */
  readonly at: number;
  /** What made the server send it, if that is known. */
  readonly cause?: Cause;
  /** Its `seq` in the timeline. */
  readonly entry?: number;
  /** When the server sent it, if that is known, see `nextMoment`. */
  readonly sentAt?: number;
  /** Whether a listener of the test received it. */
  readonly isHeard?: boolean;
}

/** The arguments without the ack function. */
export function payloadOf({ args }: ReceivedEvent): readonly unknown[] {
  return typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
}
