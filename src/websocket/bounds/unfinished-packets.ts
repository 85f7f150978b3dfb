import type { BoundedConnection } from './bounded-connection.js';
import { DueQueue } from './due-queue.js';
import { Violation } from './violation.js';

/** So many packets of the greatest size may be unfinished in all. */
const IN_ALL = 1_024;

/** Bounds the packets of which not all binary attachments have come: in bytes each and in all, and in time. */
export class UnfinishedPackets {
  private readonly overdue: DueQueue<BoundedConnection>;
  private bytes = 0;

  /**
   * @param maxBytes of a packet with all its attachments
   * @param timeout in milliseconds
   */
  constructor(
    private readonly maxBytes: number,
    timeout: number,
    private readonly close: (connection: BoundedConnection, violation: Violation) => void,
  ) {
    this.overdue = new DueQueue(timeout, (connection) => close(connection, tooLate(timeout)));
  }

  /** @throws Violation when a packet would become too large */
  check({ unfinished }: BoundedConnection, bytes: number): void {
    if (unfinished + bytes > this.maxBytes) throw tooLarge(this.maxBytes);
  }

  grow(connection: BoundedConnection, bytes: number): void {
    this.overdue.add(connection);
    connection.unfinished += bytes;
    this.bytes += bytes;
    // Those who take longest have the least claim to it.
    while (this.bytes > this.maxBytes * IN_ALL) {
      const oldest = this.overdue.oldest!;
      this.end(oldest);
      this.close(oldest, tooMany());
    }
  }

  /** A packet is whole, or never will be. */
  end(connection: BoundedConnection): void {
    if (connection.unfinished === 0) return;
    this.overdue.delete(connection);
    this.bytes -= connection.unfinished;
    connection.unfinished = 0;
  }
}

function tooLarge(maxBytes: number): Violation {
  return new Violation(
    'MESSAGE_TOO_LARGE',
    'message too large',
    `A message may have ${maxBytes} bytes, attachments included`,
  );
}

function tooLate(timeout: number): Violation {
  return new Violation(
    'MESSAGE_UNFINISHED',
    'message unfinished',
    `The attachments of a message did not come within ${timeout} ms`,
  );
}

function tooMany(): Violation {
  return new Violation(
    'MESSAGE_UNFINISHED',
    'message unfinished',
    'The attachments of a message did not come, and others need the memory',
  );
}
