import { setImmediate } from 'node:timers';
import type { ConnectionFlow } from './connection-flow.js';

/** How many messages of one connection are handled in one turn of the event loop. */
const PER_CONNECTION = 64;
/** How many messages of all connections are handled in one turn. */
const AT_ONCE = 2_048;
/** How many of these may be held messages. They go first, but new messages must get a part of the turn too. */
const HELD = 1_536;

/**
 * Shares the turns of the event loop among connections. Thousands of messages from one connection are handled over
 * several turns, and others are served in between. Waiting connections are served round-robin, each in its own
 * callback. Its promises settle before the next callback: many at once would burden the garbage collector.
 */
export class ReadTurns {
  private number = 0;
  private left = AT_ONCE;
  private leftForHeld = HELD;
  /** How many held messages of one connection are handled in this turn. */
  private share = PER_CONNECTION;
  /** The connections that hold messages, in the order in which they are served. */
  private readonly waiting = new Set<ConnectionFlow>();
  private isScheduled = false;

  /** Whether a message may be handled in this turn; it is then counted. */
  admits(flow: ConnectionFlow): boolean {
    this.scheduleNext();
    if (flow.turn !== this.number) {
      flow.turn = this.number;
      flow.admittedInTurn = 0;
    }
    if (flow.admittedInTurn === PER_CONNECTION || this.left <= 0) return false;
    flow.admittedInTurn += 1;
    this.left -= 1;
    return true;
  }

  /** Lets a connection deliver what it holds, from the next turn on. */
  enqueue(flow: ConnectionFlow): void {
    if (this.waiting.has(flow)) return;
    this.waiting.add(flow);
    this.scheduleNext();
    setImmediate(this.serveOne);
  }

  /** Immediates run in order, so a turn begins before the waiting connections are served. */
  private scheduleNext(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.beginTurn);
  }

  private readonly beginTurn = (): void => {
    this.number += 1;
    this.left = AT_ONCE;
    this.leftForHeld = HELD;
    this.share = Math.ceil(Math.min(PER_CONNECTION, HELD / this.waiting.size));
    this.isScheduled = false;
  };

  /** Runs once for each waiting connection. If the turn is full, it runs again in the next turn, in the same order. */
  private readonly serveOne = (): void => {
    this.scheduleNext();
    if (this.leftForHeld <= 0) return void setImmediate(this.serveOne);
    const [flow] = this.waiting;
    this.waiting.delete(flow!);
    // If the connection holds more, it enqueues itself again behind the others.
    const delivered = flow!.deliver(this.share);
    this.leftForHeld -= delivered;
    this.left -= delivered;
  };
}
