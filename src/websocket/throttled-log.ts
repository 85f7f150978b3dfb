import { Logger } from '@nestjs/common';

const INTERVAL = 1_000;

/** Logs one line a second of each kind, whatever clients do; how many more there were is said with the next. */
export class ThrottledLog {
  private readonly logger: Logger;
  /** How many of a kind were not logged since its last line. */
  private readonly swallowed = new Map<string, number>();

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  warn(kind: string, text: () => string): void {
    this.throttle(kind, (more) => this.logger.warn(text() + more));
  }

  error(kind: string, text: string, error: unknown): void {
    const [reason, stack] =
      error instanceof Error ? [error.message || error.name, error.stack] : [String(error)];
    this.throttle(kind, (more) => this.logger.error(`${text}: ${reason}${more}`, stack));
  }

  private throttle(kind: string, write: (more: string) => void): void {
    const before = this.swallowed.get(kind);
    if (before === undefined) this.write(kind, write, '');
    else this.swallowed.set(kind, before + 1);
  }

  private write(kind: string, write: (more: string) => void, more: string): void {
    write(more);
    this.swallowed.set(kind, 0);
    setTimeout(() => {
      const count = this.swallowed.get(kind);
      this.swallowed.delete(kind);
      if (count) this.write(kind, write, ` (and ${count} more like this within a second)`);
    }, INTERVAL).unref();
  }
}
