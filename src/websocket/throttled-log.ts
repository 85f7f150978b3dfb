import { Logger } from '@nestjs/common';
import { stackOf, textOf } from './thrown.js';

const INTERVAL = 1_000;

/** Lines of one kind that are held back until a second has passed. */
interface HeldBack {
  count: number;
  readonly write: (more: string) => void;
  readonly timer: NodeJS.Timeout;
}

/** Logs one line a second of each kind, whatever clients do; how many more there were is said with the next. */
export class ThrottledLog {
  private readonly logger: Logger;
  private readonly heldBack = new Map<string, HeldBack>();

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  warn(kind: string, text: () => string): void {
    this.throttle(kind, (more) => this.logger.warn(text() + more));
  }

  error(kind: string, text: string, error: unknown): void {
    this.throttle(kind, (more) => this.logger.error(`${text}: ${textOf(error)}${more}`, stackOf(error)));
  }

  /** Says how many more there were of what is held back, and holds nothing back any more. */
  flush(): void {
    for (const [kind, { count, write, timer }] of this.heldBack) {
      this.heldBack.delete(kind);
      clearTimeout(timer);
      if (count > 0) write(` (and ${count} more like this within a second)`);
    }
  }

  private throttle(kind: string, write: HeldBack['write']): void {
    const held = this.heldBack.get(kind);
    if (held) held.count += 1;
    else this.write(kind, write, '');
  }

  private write(kind: string, write: HeldBack['write'], more: string): void {
    write(more);
    const timer = setTimeout(() => {
      const { count } = this.heldBack.get(kind)!;
      this.heldBack.delete(kind);
      if (count > 0) this.write(kind, write, ` (and ${count} more like this within a second)`);
    }, INTERVAL);
    this.heldBack.set(kind, { count: 0, write, timer: timer.unref() });
  }
}
