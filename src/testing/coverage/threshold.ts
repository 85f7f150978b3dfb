import { format } from '../report/format.js';
import type { Coverage } from './coverage.js';
import { COVERAGE_KINDS, coverageItems, coverageTotals, type CoverageKind } from './totals.js';

/** The required coverage in percent: one number for all kinds, or one for each kind that is named. */
export type CoverageThreshold = number | Partial<Record<CoverageKind, number>>;

/**
 * Where coverage is below a threshold: one line for each kind, with the names of what is missing.
 *
 * @throws TypeError for an invalid threshold
 */
export function coverageShortfalls(coverage: Coverage, threshold: CoverageThreshold): string[] {
  assertThreshold(threshold);
  const items = coverageItems(coverage);
  const totals = coverageTotals(coverage);
  return COVERAGE_KINDS.flatMap((kind) => {
    const { covered, declared, percent } = totals[kind];
    const required = (typeof threshold === 'number' ? threshold : threshold[kind]) ?? 0;
    if (covered * 100 >= required * declared) return [];
    const missing = items[kind].filter((item) => !item.covered).map(({ name }) => name);
    return [
      `Contract coverage is too low: ${covered} of ${declared} ${kind} (${percent} %), required are ${required} %. ` +
        `Missing: ${missing.join(', ')}`,
    ];
  });
}

/** @throws TypeError for an invalid threshold */
export function assertThreshold(threshold: unknown): asserts threshold is CoverageThreshold {
  if (isPerCent(threshold) || isByKind(threshold)) return;
  throw new TypeError(
    `The threshold of the contract coverage is a number from 0 to 100, or one for each of ${COVERAGE_KINDS.join(', ')}: ` +
      `{ handlers: 100, events: 80 }. It got ${format(threshold)}.`,
  );
}

function isPerCent(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 100;
}

function isByKind(threshold: unknown): boolean {
  if (typeof threshold !== 'object' || threshold === null) return false;
  const kinds: readonly string[] = COVERAGE_KINDS;
  return Object.entries(threshold).every(
    ([kind, value]) => kinds.includes(kind) && (value === undefined || isPerCent(value)),
  );
}
