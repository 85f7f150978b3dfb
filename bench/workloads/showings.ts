import { median } from 'simple-statistics';
import { metricOf } from '../results/metric.js';
import type { Busy, Metric, WorkloadResult } from '../results/result.js';
import type { Showing } from './pair.js';

/** Those with whom each contestant is compared. */
export const baselines = ['bare', 'nest'];

type Showings = ReadonlyMap<string, readonly Showing[]>;

/** How much of something the contestants bore, what it cost them, and whether it was all that they could. */
export function showingsOf(
  showings: Showings,
  units: { many: string; one: string },
): Pick<WorkloadResult, 'rounds' | 'metrics' | 'busy'> {
  const [{ length: rounds } = []] = showings.values();
  return { rounds, metrics: metricsOf(showings, units), busy: busyOf(showings) };
}

export function metricsOf(showings: Showings, { many, one }: { many: string; one: string }): Metric[] {
  const each = (of: (showing: Showing) => number): Map<string, number[]> =>
    new Map([...showings].map(([name, all]) => [name, all.map(of)]));
  const metric = (name: string, unit: string, better: Metric['better'], of: (showing: Showing) => number): Metric =>
    metricOf({ name, unit, better }, each(of), baselines);
  const hasLatency = [...showings.values()].flat().some(({ latency }) => latency);
  return [
    metric(`${many} per second`, '', 'more', ({ rate }) => rate),
    metric(`CPU per ${one}`, 'µs', 'less', ({ cpu }) => cpu),
    ...(hasLatency
      ? [
          metric('p50 of an answer', 'ms', 'less', ({ latency }) => latency!.p50),
          metric('p99 of an answer', 'ms', 'less', ({ latency }) => latency!.p99),
        ]
      : []),
  ];
}

function busyOf(showings: Showings): WorkloadResult['busy'] {
  const typical = (all: readonly Showing[]): Busy => {
    const part = (of: keyof Busy): number => Number(median(all.map(({ busy }) => busy[of])).toFixed(2));
    return { server: part('server'), waiting: part('waiting'), load: part('load') };
  };
  return Object.fromEntries([...showings].map(([name, all]) => [name, typical(all)]));
}
