import { setImmediate } from 'node:timers';
import type { ConnectionFlow } from './connection-flow.js';

/** How many messages of one connection are dealt with in one turn of the event loop. */
const PER_CONNECTION = 64;
/** How many messages of all connections are dealt with in one turn. */
const AT_ONCE = 1_024;
/** How many of these may be messages that were held: they go first, and what has just come is to have its turn too. */
const HELD = 768;

/**
 * Shares the turns of the event loop among connections: one that sends thousands of messages in one go has as many turns
 * for them as it takes, and others are served between. Those that wait are served round-robin.
 */
export class ReadTurns {
  private number = 0;
  private left = AT_ONCE;
  private isScheduled = false;
  private readonly ready = new Set<ConnectionFlow>();

  /** Whether a message may be dealt with in this turn; it is counted then. */
  admits(flow: ConnectionFlow): boolean {
    this.schedule();
    if (flow.turn !== this.number) {
      flow.turn = this.number;
      flow.admittedInTurn = 0;
    }
    if (flow.admittedInTurn === PER_CONNECTION || this.left === 0) return false;
    flow.admittedInTurn += 1;
    this.left -= 1;
    return true;
  }

  /** Has a connection deliver what it holds, from the next turn on. */
  enqueue(flow: ConnectionFlow): void {
    this.ready.add(flow);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.nextTurn);
  }

  private readonly nextTurn = (): void => {
    this.number += 1;
    this.isScheduled = false;
    const share = Math.ceil(Math.min(PER_CONNECTION, HELD / this.ready.size));
    let left = HELD;
    try {
      for (const flow of Array.from(this.ready)) {
        if (left <= 0) break;
        // It comes in again behind the others, if there is more.
        this.ready.delete(flow);
        left -= flow.deliver(share);
      }
    } finally {
      this.left = AT_ONCE - HELD + left;
      if (this.ready.size > 0) this.schedule();
    }
  };
}
