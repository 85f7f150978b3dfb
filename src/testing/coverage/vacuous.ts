import { nearest } from '../report/nearest.js';
import type { Coverage } from './coverage.js';

/** An event, or a room, that tests denied something of, and that the whole run has never seen. */
export interface Vacuous {
  what: 'event' | 'room';
  name: string;
  /** What may have been meant: a name that the run has seen, or that a gateway's code has. */
  likely?: string;
}

/**
 * What tests have denied of events that no app ever emitted, and of rooms that nobody was ever in. Each may be right in its
 * own test; but a name that is misspelt denies itself.
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

/** For readers: `event "siad": no app emitted it. Was "said" meant?` */
export function showVacuous({ what, name, likely }: Vacuous): string {
  const why = what === 'event' ? 'no app emitted it' : 'nobody was in it';
  if (likely === name) return `${what} "${name}": ${why}, though a gateway's code names it.`;
  return `${what} "${name}": ${why}.${likely === undefined ? '' : ` Was "${likely}" meant?`}`;
}
