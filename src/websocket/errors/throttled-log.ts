import { Logger } from '@nestjs/common';
import { stackOf, textOf } from './report-error.js';

const INTERVAL = 1_000;

/** Logs one line of each kind and holds back more for a second. Then it repeats the line, with the number held back. */
export class ThrottledLog {
  private readonly logger: Logger;
  /** By kind: how many lines were held back, and what logs their number. */
  private readonly throttled = new Map<string, { count: number; readonly repeat: () => void }>();

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  warn(kind: string, text: () => string): void {
    this.throttle(kind, (more) => this.logger.warn(text() + more));
  }

  error(kind: string, text: string, error: unknown): void {
    this.throttle(kind, (more) => this.logger.error(`${text}: ${textOf(error)}${more}`, stackOf(error)));
  }

  /** Logs at once how many lines were held back. Call this when the app closes. */
  flush(): void {
    for (const { repeat } of this.throttled.values()) repeat();
  }

  private throttle(kind: string, write: (more: string) => void): void {
    const known = this.throttled.get(kind);
    if (known) return void (known.count += 1);
    const repeat = (): void => {
      clearTimeout(timer);
      this.throttled.delete(kind);
      if (heldBack.count > 0) write(` (and ${heldBack.count} more like this within a second)`);
    };
    const heldBack = { count: 0, repeat };
    const timer = setTimeout(repeat, INTERVAL).unref();
    this.throttled.set(kind, heldBack);
    write('');
  }
}
