import { Injectable } from '@nestjs/common';

/** When so many clients in a row were given up, the cause is not a single client. */
const FAILURES_TO_OPEN = 3;
/** During a fault, one handshake per interval is let through to test whether the fault is over. In milliseconds. */
const TRIAL_INTERVAL = 1_000;

/**
 * Refuses handshakes while a server fault, such as an unavailable user store, lets no client in. The back-off of
 * `socket.io-client` grows with each refused handshake, but starts anew with each transport that opens.
 *
 * It opens when several clients were given up and no client was let in, to any namespace, since they began to try. So a
 * fault in one namespace keeps no client out of the others. It closes with the first client that is let in.
 */
@Injectable()
export class CircuitBreaker {
  private lastSuccess = -Infinity;
  private failures = 0;
  private lastTrial = -Infinity;

  /** Call this when a client was let in, or got a refusal that was meant for it. */
  onSuccess(): void {
    this.lastSuccess = performance.now();
    this.failures = 0;
  }

  /** Call this when a client was given up. @param since when it was first tried, by `performance.now()` */
  onFailure(since: number): void {
    if (this.lastSuccess < since) this.failures += 1;
  }

  /** Whether a handshake may continue. */
  admits(): boolean {
    if (this.failures < FAILURES_TO_OPEN) return true;
    const now = performance.now();
    if (now < this.lastTrial + TRIAL_INTERVAL) return false;
    this.lastTrial = now;
    return true;
  }
}
