import { setImmediate } from 'node:timers';
import type { ReadGate } from './read-gate.js';

/** How many messages of one connection are dealt with in one turn of the event loop. */
const PER_CONNECTION = 64;
/** How many messages are dealt with as they come, of all connections in one turn. */
const AT_ONCE = 1_024;
/** How many messages that were held are dealt with in one turn. */
const HELD = 256;

/**
 * Shares the turns of the event loop among connections: one that sends thousands of messages in one go has as many turns
 * for them as it takes, and others are served between. Those that wait are served round-robin.
 */
export class ReadTurns {
  private number = 0;
  private left = AT_ONCE;
  private isScheduled = false;
  private ready: ReadGate[] = [];

  /** Whether a message may be dealt with in this turn; it is counted then. */
  admits(gate: ReadGate): boolean {
    this.schedule();
    if (gate.turn !== this.number) {
      gate.turn = this.number;
      gate.admittedInTurn = 0;
    }
    if (gate.admittedInTurn === PER_CONNECTION || this.left === 0) return false;
    gate.admittedInTurn += 1;
    this.left -= 1;
    return true;
  }

  /** Has a gate deliver what it holds, from the next turn on. */
  enqueue(gate: ReadGate): void {
    this.ready.push(gate);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.nextTurn);
  }

  private readonly nextTurn = (): void => {
    this.number += 1;
    this.left = AT_ONCE;
    this.isScheduled = false;
    const gates = this.ready;
    if (gates.length === 0) return;
    this.ready = [];
    const share = Math.ceil(Math.min(PER_CONNECTION, HELD / gates.length));
    let left = HELD;
    let served = 0;
    try {
      while (served < gates.length && left > 0) {
        const gate = gates[served]!;
        served += 1;
        left -= gate.deliver(share);
      }
    } finally {
      // Those that were served have enqueued themselves again, if there is more.
      this.ready = [...gates.slice(served), ...this.ready];
      if (this.ready.length > 0) this.schedule();
    }
  };
}
