import type { ReceivedEvent } from '../model/received-event.js';

/** Everything that a client received, in order. Each event is unread until the test takes it. */
export class Inbox {
  /** Every event, oldest first. */
  readonly events: ReceivedEvent[] = [];
  private readonly unreadEvents = new Set<ReceivedEvent>();

  constructor(private readonly onChange: () => void) {}

  /** The events that the test has not taken, oldest first. */
  get unread(): readonly ReceivedEvent[] {
    return [...this.unreadEvents];
  }

  put(received: ReceivedEvent): void {
    this.events.push(received);
    this.unreadEvents.add(received);
    this.onChange();
  }

  /** Takes the oldest unread event that matches. */
  take(matches: (received: ReceivedEvent) => boolean): ReceivedEvent | undefined {
    const found = this.find(matches);
    if (found) this.unreadEvents.delete(found);
    return found;
  }

  /** Whether the test knows an event: it has taken it, or has its own listener for it. */
  isKnown(received: ReceivedEvent): boolean {
    return received.isHeard === true || !this.unreadEvents.has(received);
  }

  /** Finds the oldest unread event that matches, and leaves it unread. */
  find(matches: (received: ReceivedEvent) => boolean): ReceivedEvent | undefined {
    for (const received of this.unreadEvents) if (matches(received)) return received;
    return undefined;
  }
}
