import type { Answered, HistoryEntry, Moving } from './entry.js';

/** Whether a client is in a room. Between a request and its ack, and after a request without one, it may be. */
type Standing = 'in' | 'out' | 'unknown';

interface Change {
  readonly entry: HistoryEntry;
  readonly standing: Standing;
}

/** What is known of one client's membership in one room, by the client's own requests and their acks. */
export class Membership {
  private readonly changes: Change[] = [];
  /** The requests without an ack that overlap, by kind. */
  private open = 0;
  private readonly kinds = new Set<Moving['kind']>();

  constructor(
    /** The standing before the first change. */
    private readonly initial: Standing,
  ) {}

  request(entry: Moving): void {
    this.open += 1;
    this.kinds.add(entry.kind);
    this.changes.push({ entry, standing: 'unknown' });
  }

  /**
   * A request without an ack stays open: the server may still do it, even after a later request. So do a join and a leave
   * that overlap, until both have an ack and the client asks again.
   */
  acknowledge({ kind }: Moving, entry: Answered): void {
    this.open -= 1;
    if (this.open > 0) return;
    if (this.kinds.size === 1) this.changes.push({ entry, standing: kind === 'joining' ? 'in' : 'out' });
    this.kinds.clear();
  }

  /** Whether the client certainly was in the room, or certainly was not, from one entry to another. */
  isSurely(standing: 'in' | 'out', from: number, to: number): boolean {
    const last = this.changes.findLastIndex(({ entry }) => entry.seq <= from);
    const next = this.changes[last + 1]?.entry.seq ?? Infinity;
    return (this.changes[last]?.standing ?? this.initial) === standing && next > to;
  }

  /** The last request or ack before an entry. */
  lastChange(before: number): HistoryEntry | undefined {
    return this.changes.findLast(({ entry }) => entry.seq <= before)?.entry;
  }
}
