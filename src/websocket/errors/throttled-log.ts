import { Logger } from '@nestjs/common';
import { stackOf, textOf } from './report-error.js';

const INTERVAL = 1_000;

/** Logs one line of each kind and holds back more for a second. Then it repeats the line, with the number held back. */
export class ThrottledLog {
  private readonly logger: Logger;
  /** How many lines of each kind were held back. */
  private readonly heldBack = new Map<string, number>();

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  warn(kind: string, text: () => string): void {
    this.throttle(kind, (more) => this.logger.warn(text() + more));
  }

  error(kind: string, text: string, error: unknown): void {
    this.throttle(kind, (more) => this.logger.error(`${text}: ${textOf(error)}${more}`, stackOf(error)));
  }

  private throttle(kind: string, write: (more: string) => void): void {
    const known = this.heldBack.get(kind);
    if (known !== undefined) return void this.heldBack.set(kind, known + 1);
    this.heldBack.set(kind, 0);
    write('');
    setTimeout(() => {
      const count = this.heldBack.get(kind)!;
      this.heldBack.delete(kind);
      if (count > 0) write(` (and ${count} more like this within a second)`);
    }, INTERVAL).unref();
  }
}
