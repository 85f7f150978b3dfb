/** Whether a client is in a room. Between a request and its ack, and after a request without one, it may be. */
type Standing = 'in' | 'out' | 'unknown';

interface Change {
  readonly seq: number;
  readonly standing: Standing;
}

/** What is known of one client's membership in one room, by the client's own requests and their acks. */
export class Membership {
  private readonly changes: Change[] = [];
  /** The requests without an ack that overlap, by kind. */
  private open = 0;
  private readonly kinds = new Set<'joining' | 'leaving'>();

  constructor(
    /** The standing before the first change. */
    private readonly initial: Standing,
  ) {}

  request(kind: 'joining' | 'leaving', seq: number): void {
    this.open += 1;
    this.kinds.add(kind);
    this.changes.push({ seq, standing: 'unknown' });
  }

  /**
   * A request without an ack stays open: the server may still do it, even after a later request. So do a join and a leave
   * that overlap, until both have an ack and the client asks again.
   */
  acknowledge(kind: 'joining' | 'leaving', seq: number): void {
    this.open -= 1;
    if (this.open > 0) return;
    if (this.kinds.size === 1) this.changes.push({ seq, standing: kind === 'joining' ? 'in' : 'out' });
    this.kinds.clear();
  }

  /** Whether the client certainly was in the room, or certainly was not, from one entry to another. */
  isSurely(standing: 'in' | 'out', from: number, to: number): boolean {
    const last = this.changes.findLastIndex(({ seq }) => seq <= from);
    const next = this.changes[last + 1];
    return (this.changes[last]?.standing ?? this.initial) === standing && (next === undefined || next.seq > to);
  }

  /** The last change before an entry. */
  lastChange(before: number): number | undefined {
    return this.changes.findLast(({ seq }) => seq <= before)?.seq;
  }
}
