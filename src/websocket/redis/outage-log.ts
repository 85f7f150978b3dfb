import { Logger } from '@nestjs/common';
import { ThrottledLog } from '../errors/throttled-log.js';

/** Logs once when a connection to Redis is lost, and once when all connections are back. */
export class OutageLog {
  private readonly logger = new Logger('RedisBackplane');
  private readonly lost = new Set<object>();
  readonly throttled = new ThrottledLog('RedisBackplane');
  private unsent = 0;

  onLost(connection: object, error: Error): void {
    if (this.lost.size === 0) {
      this.logger.error(
        `Redis is gone (${reasonOf(error)}); until it is back, events reach only the clients of this node`,
      );
    }
    this.lost.add(connection);
  }

  onReady(connection: object): void {
    if (!this.lost.delete(connection) || this.lost.size > 0) return;
    this.logger.log(`Redis is back; ${this.unsent} commands were lost while it was away`);
    this.unsent = 0;
  }

  onUnsent(command: string, error: unknown): void {
    this.unsent += 1;
    if (this.lost.size === 0) this.logger.error(`Redis refused "${command}": ${reasonOf(error)}`);
  }

  onUnreadable(error: unknown): void {
    this.throttled.error(
      'UNREADABLE',
      'A message on the channels of Redis is not one of a node and is left out; is "redis.keyPrefix" used by others?',
      error,
    );
  }
}

/** The message of an error. Node collects failed attempts to connect in an AggregateError without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
