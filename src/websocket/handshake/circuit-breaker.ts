import { Injectable } from '@nestjs/common';

/** So many clients in a row that were given up are no matter of one client. */
const FAILURES_TO_OPEN = 3;
/** While a fault persists, one handshake in this time is let through to see whether it is over. In milliseconds. */
const TRIAL_INTERVAL = 1_000;

/**
 * Keeps clients away while a fault of the server's, such as a user store that is away, lets nobody in. `socket.io-client`
 * waits longer after each handshake that is refused, but starts anew with each transport that opens.
 *
 * It opens when several clients were given up, and nobody was let in anywhere since they had begun to try: a fault in one
 * namespace keeps nobody from the others. It closes with the first client that is let in.
 */
@Injectable()
export class CircuitBreaker {
  private lastSuccess = -Infinity;
  private failures = 0;
  private lastTrial = -Infinity;

  /** A client was let in, or refused by an answer that was meant for it. */
  onSuccess(): void {
    this.lastSuccess = performance.now();
    this.failures = 0;
  }

  /** A client was given up. @param since when it was tried first, by `performance.now()` */
  onFailure(since: number): void {
    if (this.lastSuccess < since) this.failures += 1;
  }

  /** Whether a handshake may go on. */
  admits(): boolean {
    if (this.failures < FAILURES_TO_OPEN) return true;
    const now = performance.now();
    if (now < this.lastTrial + TRIAL_INTERVAL) return false;
    this.lastTrial = now;
    return true;
  }
}
