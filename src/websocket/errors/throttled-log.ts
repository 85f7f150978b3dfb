import { Logger } from '@nestjs/common';
import { stackOf, textOf } from './report-error.js';

const INTERVAL = 1_000;

/** Logs one line of each kind and holds back more for a second. Then it repeats the line, with the number held back. */
export class ThrottledLog {
  private readonly logger: Logger;
  /** By kind. `release` logs how many lines were held back, and ends the hold. */
  private readonly heldBack = new Map<string, { count: number; release: () => void }>();

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  warn(kind: string, text: () => string): void {
    this.throttle(kind, (more) => this.logger.warn(text() + more));
  }

  error(kind: string, text: string, error: unknown): void {
    this.throttle(kind, (more) => this.logger.error(`${text}: ${textOf(error)}${more}`, stackOf(error)));
  }

  flush(): void {
    for (const { release } of this.heldBack.values()) release();
  }

  private throttle(kind: string, write: (more: string) => void): void {
    const known = this.heldBack.get(kind);
    if (known) {
      known.count += 1;
      return;
    }
    write('');
    const release = (): void => {
      clearTimeout(timer);
      this.heldBack.delete(kind);
      if (held.count > 0) write(` (and ${held.count} more like this within a second)`);
    };
    const held = { count: 0, release };
    const timer = setTimeout(release, INTERVAL).unref();
    this.heldBack.set(kind, held);
  }
}
