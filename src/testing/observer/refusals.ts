import { isText } from '../report/is-text.js';
import type { Refusal } from '../model/refusal.js';
import { now } from '../timing/real-time.js';
import { nextMoment } from './membership.js';

/**
 * The events that the server has refused: by a guard, a pipe, a handler or a middleware, or since no handler is there. It
 * is known by what the server did, whatever it told the client.
 */
export class Refusals {
  private readonly byEntry = new Map<number, Refusal>();
  private readonly declared = new Set<number>();
  private allowed: { readonly reason: string | RegExp | undefined; readonly at: number }[] = [];

  note(refusal: Omit<Refusal, 'at' | 'moment'>): void {
    if (this.byEntry.has(refusal.entry)) return;
    this.byEntry.set(refusal.entry, { ...refusal, at: now(), moment: nextMoment() });
  }

  has(entry: number): boolean {
    return this.byEntry.has(entry);
  }

  /** Why the event of this entry was refused, and by whom, where it was. */
  reasonOf(entry: number): string | undefined {
    const { by, reason } = this.byEntry.get(entry) ?? {};
    return by === undefined ? reason : `${by} refused it: ${reason}`;
  }

  /** Declares the refusal of one event as expected, where it is one. */
  declare(entry: number): void {
    if (this.byEntry.has(entry)) this.declared.add(entry);
  }

  /** Declares refusals as expected, those so far and those to come. */
  allow(reason?: string | RegExp): void {
    this.allowed.push({ reason, at: now() });
  }

  /** Takes back what was allowed from a time on: it goes for the refusals until now, and no longer for those to come. */
  takeBackAllowed(since: number): void {
    for (const refusal of this.byEntry.values()) if (this.isAllowed(refusal)) this.declare(refusal.entry);
    this.allowed = this.allowed.filter(({ at }) => at < since);
  }

  /** Those from a time on that nobody has declared, in milliseconds of `performance.now()`. */
  undeclared(since: number): readonly Refusal[] {
    return [...this.byEntry.values()].filter(
      (refusal) => refusal.at >= since && !this.declared.has(refusal.entry) && !this.isAllowed(refusal),
    );
  }

  private isAllowed({ reason: given }: Refusal): boolean {
    return this.allowed.some(({ reason }) => reason === undefined || isText(reason, given));
  }
}
