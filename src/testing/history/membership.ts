import type { Answered, HistoryEntry, Moving } from './entry.js';

/** Whether a client is in a room. Between a request and its ack, and after one that is refused or given up, it may be. */
type Standing = 'in' | 'out' | 'unknown';

interface Change {
  readonly entry: HistoryEntry;
  readonly standing: Standing;
}

const STANDING_AFTER = { joining: 'in', leaving: 'out' } as const;

/** What is known of one client's membership in one room, by the client's own requests and their acks. */
export class Membership {
  private readonly changes: Change[] = [];
  /** The requests that overlap, and the server may still do. */
  private readonly open = new Set<Moving>();
  /** What the answers say that came meanwhile. */
  private readonly standings = new Set<Standing>();

  constructor(
    /** The standing before the first change. */
    private readonly initial: Standing,
  ) {}

  request(entry: Moving): void {
    this.open.add(entry);
    this.changes.push({ entry, standing: 'unknown' });
  }

  /**
   * A request that the client gives up stays open: the server may still do it, even after a later request. After a join
   * and a leave that overlap, nothing is certain until the client asks again.
   */
  answer(request: Moving, entry: Answered): void {
    if (entry.outcome === 'given up') return;
    this.open.delete(request);
    this.standings.add(entry.outcome === 'refused' ? 'unknown' : STANDING_AFTER[request.kind]);
    if (this.open.size > 0) return;
    const [standing, ...others] = this.standings;
    if (others.length === 0) this.changes.push({ entry, standing: standing! });
    this.standings.clear();
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
