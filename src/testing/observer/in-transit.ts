import type { Cause } from '../model/execution-context.js';

/** An event in transit: one end has sent it, and the other has not received it yet. */
export interface OnItsWay {
  readonly event: string;
  /** From the server: what made the server send it. From the client: the event itself, with its timeline entry. */
  readonly cause?: Cause;
  /** From the server: when it was sent, see `nextMoment`. */
  readonly sentAt?: number;
}

/** Takes the oldest event of this name. The events before it were lost, as volatile events may be. */
export function takeFrom(
  queue: OnItsWay[],
  event: string,
  onLost: (lost: OnItsWay) => void = () => {},
): OnItsWay | undefined {
  const position = queue.findIndex((candidate) => candidate.event === event);
  if (position === -1) return undefined;
  const taken = queue.splice(0, position + 1);
  for (const lost of taken.slice(0, -1)) onLost(lost);
  return taken.at(-1);
}
