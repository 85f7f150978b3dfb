import { titleOf, type ContestantName } from '../contestants/contestants.js';
import type { BenchResult, Spread } from '../results/result.js';
import { figure, spread } from './figures.js';
import { formatted } from './formatted.js';

interface Goal {
  /** The names of the workload, of the metric, and of the one that tells the same by the CPU's time. */
  of: [workload: string, metric: string, byCpu?: string];
  contestant: ContestantName;
  to: ContestantName;
  /** What the median of the ratios is to be. */
  least?: number;
  most?: number;
}

const goals: Goal[] = [
  { of: ['echo', 'messages per second', 'CPU per message'], contestant: 'kit', to: 'bare', least: 0.97 },
  { of: ['echo', 'messages per second', 'CPU per message'], contestant: 'kit', to: 'nest', least: 1.5 },
  {
    of: ['echo', 'messages per second', 'CPU per message'],
    contestant: 'kit-defaults',
    to: 'bare',
    least: 0.92,
  },
  {
    of: ['echo-guarded', 'messages per second', 'CPU per message'],
    contestant: 'kit',
    to: 'bare',
    least: 0.8,
  },
  { of: ['connects', 'connects per second', 'CPU per connect'], contestant: 'kit', to: 'bare', least: 0.97 },
  {
    of: ['broadcast-1000', 'deliveries per second', 'CPU per delivery'],
    contestant: 'kit',
    to: 'bare',
    least: 0.97,
  },
  {
    of: ['broadcast-10000', 'deliveries per second', 'CPU per delivery'],
    contestant: 'kit',
    to: 'bare',
    least: 0.97,
  },
  { of: ['heap', '1 handler'], contestant: 'kit', to: 'bare', most: 1.05 },
  { of: ['heap', '20 handlers'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['heap', '50 handlers'], contestant: 'kit', to: 'bare', most: 1 },
];

/** Before Node 22, V8 makes less of the same code. */
const SLOWER_BEFORE = 22;
const SLOWER_BY = 0.9;

/** What the kit is held to, and where it stands, in Markdown. What a run has not measured is left out. */
export function goalsOf({ machine, workloads }: BenchResult): Promise<string> {
  const allowance = Number.parseInt(machine.node, 10) < SLOWER_BEFORE ? SLOWER_BY : 1;
  const rows = goals.flatMap(({ of: [name, metric, byCpu], contestant, to, least, most }) => {
    const workload = workloads.find((one) => one.name === name);
    const ratioOf = (which: string | undefined): Spread | undefined =>
      workload?.metrics.find((one) => one.name === which)?.standings[contestant]?.to[to];
    const [measured, cpu] = [ratioOf(metric), ratioOf(byCpu)];
    if (!workload || !measured) return [];
    const bound = most ?? least! * allowance;
    const verdict = (ratio: Spread): string => {
      const isHeld = most === undefined ? ratio.median >= bound : ratio.median <= bound;
      return `${spread(ratio)} ${isHeld ? '✓' : '✗'}`;
    };
    const cells = [
      `${workload.title}: ${metric}, ${titleOf(contestant)} to ${titleOf(to)}`,
      `${figure(bound)} or ${most === undefined ? 'more' : 'less'}`,
      verdict(measured),
      cpu ? verdict(inverse(cpu)) : '',
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  if (rows.length === 0) return Promise.resolve('');
  const head = ['| ratio | goal | measured | the same by CPU |', '| :-- | --: | --: | --: |'];
  return formatted([...head, ...rows].join('\n'), 'markdown');
}

function inverse({ median, low, high }: Spread): Spread {
  return { median: 1 / median, low: 1 / high, high: 1 / low };
}
