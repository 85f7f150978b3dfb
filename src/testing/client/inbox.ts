import type { ReceivedEvent } from '../model/received-event.js';

/** Everything that a client received, in order. Each event is unread until the test takes it. */
export class Inbox {
  private readonly all: ReceivedEvent[] = [];
  private readonly unreadEvents = new Set<ReceivedEvent>();
  private readonly lookedAt = new WeakSet<ReceivedEvent>();

  constructor(private readonly onChange: () => void) {}

  /** Every event, oldest first. */
  get events(): readonly ReceivedEvent[] {
    return this.all;
  }

  /** The events that the test has not taken, oldest first. */
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

  /** Notes that the test has looked at an event. The event stays unread. */
  noteLook(received: ReceivedEvent): void {
    this.lookedAt.add(received);
  }

  /** Whether the test knows an event: it has taken it, looked at it, or has its own listener for it. */
  isKnown(received: ReceivedEvent): boolean {
    return received.isHeard === true || this.lookedAt.has(received) || !this.unreadEvents.has(received);
  }

  /** Finds the oldest unread event that matches, and leaves it unread. */
  find(matches: (received: ReceivedEvent) => boolean): ReceivedEvent | undefined {
    for (const received of this.unreadEvents) if (matches(received)) return received;
    return undefined;
  }
}
