import type { Spread } from '../results/result.js';

/** Three digits that tell something. */
export function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** The median, and the middle half. */
export function spread({ median, low, high }: Spread, unit = ''): string {
  return `${figure(median)}${unit && ` ${unit}`} (${figure(low)} to ${figure(high)})`;
}
