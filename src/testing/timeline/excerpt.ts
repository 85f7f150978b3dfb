/** Replaces the items that an excerpt leaves out. */
export class LeftOut<T> {
  constructor(
    readonly items: readonly T[],
    /** Their position, relative to the items that are shown. */
    readonly where: 'before' | 'in between' | 'after',
  ) {}

  /** The text in their place. @param entries how many entries the items stand for */
  remark(entries: number): string {
    return `… ${countInWords(entries)} ${this.where}, left out`;
  }
}

/** The text for the entries that a timeline has dropped. */
export function noLongerKept(dropped: number): string {
  return `… ${countInWords(dropped)} before, no longer kept`;
}

export function countInWords(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}

/** The share of the items that come before the failure: what led to it explains more than what followed. */
const BEFORE = 2 / 3;

/** How many failures besides the main one are shown, wherever they are. */
const MAX_OTHERS = 5;

/**
 * Selects at most `most` items: those around the first of the most severe or, if no item is severe, the last ones; and
 * a few other severe items, wherever they are.
 *
 * @param severityOf how certainly an item means a failure; 0 means not at all
 */
export function excerpt<T>(
  items: readonly T[],
  most: number,
  severityOf: (item: T) => number,
): readonly (T | LeftOut<T>)[] {
  if (items.length <= most) return items;
  const gravities = items.map(severityOf);
  const gravest = gravities.reduce((one, other) => Math.max(one, other), 0);
  const main = gravest === 0 ? items.length - 1 : gravities.indexOf(gravest);
  const graveOutside = (size: number): number[] => {
    const start = startOf(size, main, items.length);
    return gravities.flatMap((severity, index) =>
      severity > 0 && (index < start || index >= start + size) ? [index] : [],
    );
  };
  const size = most - Math.min(graveOutside(most).length, MAX_OTHERS);
  const start = startOf(size, main, items.length);
  const far = new Set(graveOutside(size).slice(0, most - size));
  return fold(items, (index) => (index >= start && index < start + size) || far.has(index));
}

/** The start of a window of this size that contains the main item. */
function startOf(size: number, main: number, length: number): number {
  return Math.max(0, Math.min(main - Math.floor(size * BEFORE), length - size));
}

/** Replaces each run of hidden items by one {@link LeftOut}. */
export function fold<T>(
  items: readonly T[],
  isShown: (index: number, item: T) => boolean,
): readonly (T | LeftOut<T>)[] {
  const folded: (T | LeftOut<T>)[] = [];
  let hidden: T[] = [];
  for (const [index, item] of items.entries()) {
    if (!isShown(index, item)) {
      hidden.push(item);
      continue;
    }
    if (hidden.length > 0) folded.push(new LeftOut(hidden, folded.length === 0 ? 'before' : 'in between'));
    hidden = [];
    folded.push(item);
  }
  if (hidden.length > 0) folded.push(new LeftOut(hidden, 'after'));
  return folded;
}
