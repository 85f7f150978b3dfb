import { Injectable } from '@nestjs/common';

/**
 * Counts what the flow of messages has come to on this node, for metrics.
 *
 * @example
 * ```ts
 * gauge.addCallback((result) => result.observe(app.get(FlowMetrics).overRate));
 * ```
 */
@Injectable()
export class FlowMetrics {
  private readonly counts = { overRate: 0, overRateTotal: 0, slowConsumers: 0 };
  private readBufferedBytes = (): number => 0;

  /** Connections that send faster than they may and are read later, at the moment. */
  get overRate(): number {
    return this.counts.overRate;
  }

  /** How often a connection has begun to send faster than it may. */
  get overRateTotal(): number {
    return this.counts.overRateTotal;
  }

  /** Clients that were disconnected since they did not read. */
  get slowConsumers(): number {
    return this.counts.slowConsumers;
  }

  /** What is kept for clients that are not through with it, in bytes. */
  get bufferedBytes(): number {
    return this.readBufferedBytes();
  }

  /** @internal */
  measureBy(readBufferedBytes: () => number): void {
    this.readBufferedBytes = readBufferedBytes;
  }

  /** @internal */
  onOverRate(): void {
    this.counts.overRate += 1;
    this.counts.overRateTotal += 1;
  }

  /** @internal */
  onWithinRate(): void {
    this.counts.overRate -= 1;
  }

  /** @internal */
  onSlowConsumer(): void {
    this.counts.slowConsumers += 1;
  }
}
