import { isText } from '../report/format.js';
import type { Refusal } from '../model/refused-event.js';
import { now } from '../timing/real-time.js';
import { nextMoment } from './membership.js';

/**
 * The events that the server refused: by a guard, a pipe, a handler or a middleware, or because no handler exists. What
 * the server did counts, not what it told the client.
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

  /** Why the event of this entry was refused and by what, if it was refused. */
  reasonOf(entry: number): string | undefined {
    const { by, reason } = this.byEntry.get(entry) ?? {};
    return by === undefined ? reason : `${by} refused it: ${reason}`;
  }

  /** Declares the refusal of one event as expected, if it was refused. */
  declare(entry: number | undefined): void {
    if (entry !== undefined && this.byEntry.has(entry)) this.declared.add(entry);
  }

  /** Declares refusals as expected, past and future ones. */
  allow(reason?: string | RegExp): void {
    this.allowed.push({ reason, at: now() });
  }

  /** Withdraws what was allowed since a time. Refusals until now stay declared; later ones are not. */
  takeBackAllowed(since: number): void {
    for (const refusal of this.byEntry.values()) if (this.isAllowed(refusal)) this.declare(refusal.entry);
    this.allowed = this.allowed.filter(({ at }) => at < since);
  }

  /** The undeclared refusals since a time, in milliseconds of `performance.now()`. */
  undeclared(since: number): readonly Refusal[] {
    return [...this.byEntry.values()].filter(
      (refusal) => refusal.at >= since && !this.declared.has(refusal.entry) && !this.isAllowed(refusal),
    );
  }

  private isAllowed({ reason: given }: Refusal): boolean {
    return this.allowed.some(({ reason }) => reason === undefined || isText(reason, given));
  }
}
