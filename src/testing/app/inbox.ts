import type { Cause } from '../observer/execution-context.js';

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

/** All that a client received, in order; each event is unread until somebody takes it. */
export class Inbox {
  private readonly all: ReceivedEvent[] = [];
  private readonly unreadEvents = new Set<ReceivedEvent>();
  private readonly lookedAt = new WeakSet<ReceivedEvent>();

  constructor(private readonly onChange: () => void) {}

  /** Every event, oldest first. */
  get events(): readonly ReceivedEvent[] {
    return this.all;
  }

  /** The events that nobody has taken, oldest first. */
  get unread(): readonly ReceivedEvent[] {
    return [...this.unreadEvents];
  }

  put(received: ReceivedEvent): void {
    this.all.push(received);
    this.unreadEvents.add(received);
    this.onChange();
  }

  /** Takes the oldest unread event that matches. */
  take(matches: (received: ReceivedEvent) => boolean): ReceivedEvent | undefined {
    const found = this.find(matches);
    if (found) this.unreadEvents.delete(found);
    return found;
  }

  /** Notes that the test has looked at an event, which stays unread. */
  noteLook(received: ReceivedEvent): void {
    this.lookedAt.add(received);
  }

  /** Whether the test knows of an event: it has read it, looked at it, or heard it by a listener of its own. */
  isKnown(received: ReceivedEvent): boolean {
    return received.isHeard === true || this.lookedAt.has(received) || !this.unreadEvents.has(received);
  }

  /** The oldest unread event that matches, left unread. */
  find(matches: (received: ReceivedEvent) => boolean): ReceivedEvent | undefined {
    for (const received of this.unreadEvents) if (matches(received)) return received;
    return undefined;
  }
}

/** The arguments that were sent: without the function that gives the ack. */
export function payloadOf({ args }: ReceivedEvent): readonly unknown[] {
  return typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
}
