import { setImmediate } from 'node:timers';
import type { ConnectionFlow } from './connection-flow.js';

/** How many messages of one connection are dealt with in one turn of the event loop. */
const PER_CONNECTION = 64;
/** How many messages of all connections are dealt with in one turn. */
const AT_ONCE = 2_048;
/** How many of these may be messages that were held: they go first, and what has just come is to have its turn too. */
const HELD = 1_536;

/**
 * Shares the turns of the event loop among connections: one that sends thousands of messages in one go has as many turns
 * for them as it takes, and others are served between. Those that wait are served round-robin, each in a callback of its
 * own, after which its promises settle before the next begins: many at once would be a burden on the garbage collector.
 */
export class ReadTurns {
  private number = 0;
  private left = AT_ONCE;
  private leftForHeld = HELD;
  /** How many of the messages that one connection holds are dealt with in this turn. */
  private share = PER_CONNECTION;
  /** Those that hold messages, in the order in which they are served. */
  private readonly waiting = new Set<ConnectionFlow>();
  private isScheduled = false;

  /** Whether a message may be dealt with in this turn; it is counted then. */
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

  /** Has a connection deliver what it holds, from the next turn on. */
  enqueue(flow: ConnectionFlow): void {
    if (this.waiting.has(flow)) return;
    this.waiting.add(flow);
    this.scheduleNext();
    setImmediate(this.serveOne);
  }

  /** Immediates run in their order: what begins a turn comes before those who wait for it. */
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

  /** Runs once for each waiting connection. If the turn is full, it runs again in the next; the order stays. */
  private readonly serveOne = (): void => {
    this.scheduleNext();
    if (this.leftForHeld <= 0) return void setImmediate(this.serveOne);
    const [flow] = this.waiting;
    this.waiting.delete(flow!);
    // It comes in again behind the others, if it holds more.
    const delivered = flow!.deliver(this.share);
    this.leftForHeld -= delivered;
    this.left -= delivered;
  };
}
