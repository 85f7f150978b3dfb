import { nearest } from '../report/nearest.js';
import type { Coverage } from './coverage.js';

/** An event or a room in a negative assertion that did not occur in the whole run. */
export interface Vacuous {
  what: 'event' | 'room';
  name: string;
  /** The name that was probably meant: one that occurred in the run, or that a gateway's code has. */
  likely?: string;
}

/**
 * Finds negative assertions about events that no app emitted, and about rooms that no client joined. Each may be right
 * in its own test, but one with a misspelt name always passes.
 */
export function vacuousNegatives({ denied, seen, gateways }: Coverage): Vacuous[] {
  const inCode = gateways.flatMap(({ events }) => events.map(({ event }) => event));
  const events = vacuousOf('event', denied.events, seen.events, inCode);
  return [...events, ...vacuousOf('room', denied.rooms, seen.rooms, [])];
}

function vacuousOf(
  what: Vacuous['what'],
  denied: readonly string[],
  seen: readonly string[],
  inCode: readonly string[],
): Vacuous[] {
  const known = new Set(seen);
  return denied
    .filter((name) => !known.has(name))
    .map((name) => ({
      what,
      name,
      likely: inCode.includes(name) ? name : nearest(name, [...inCode, ...seen]),
    }));
}

/** In words: `event "siad": no app emitted it. Was "said" meant?` */
export function showVacuous({ what, name, likely }: Vacuous): string {
  const why = what === 'event' ? 'no app emitted it' : 'nobody was in it';
  if (likely === name) return `${what} "${name}": ${why}, though a gateway's code names it.`;
  return `${what} "${name}": ${why}.${likely === undefined ? '' : ` Was "${likely}" meant?`}`;
}
