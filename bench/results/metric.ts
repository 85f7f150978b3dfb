import { quantile } from 'simple-statistics';
import type { Metric, Spread, Standing } from './result.js';

const SIGNIFICANT_DIGITS = 4;

/** Sums up what was measured round by round, as values and as ratios to those it is to be compared with. */
export function metricOf(
  { name, unit, better }: Pick<Metric, 'name' | 'unit' | 'better'>,
  samples: ReadonlyMap<string, readonly number[]>,
  baselines: readonly string[],
): Metric {
  const standings: Record<string, Standing> = {};
  for (const [contestant, values] of samples) {
    const others = baselines.filter((baseline) => baseline !== contestant && samples.has(baseline));
    const ratiosTo = (other: string): Spread =>
      spreadOf(values.map((value, round) => value / samples.get(other)![round]!));
    standings[contestant] = {
      value: spreadOf(values),
      to: Object.fromEntries(others.map((other) => [other, ratiosTo(other)])),
    };
  }
  return { name, unit, better, standings };
}

export function spreadOf(values: readonly number[]): Spread {
  const [low, median, high] = quantile([...values], [0.25, 0.5, 0.75]).map((value) =>
    Number(value.toPrecision(SIGNIFICANT_DIGITS)),
  ) as [number, number, number];
  return { median, low, high };
}
