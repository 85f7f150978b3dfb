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

const messages = ['messages per second', 'CPU per message'] as const;
const deliveries = ['deliveries per second', 'CPU per delivery'] as const;
const connects = ['connects per second', 'CPU per connect'] as const;

const goals: Goal[] = [
  { of: ['echo', ...messages], contestant: 'kit', to: 'bare', least: 1.5 },
  { of: ['echo', ...messages], contestant: 'kit', to: 'nest', least: 2.5 },
  { of: ['echo', ...messages], contestant: 'kit-defaults', to: 'bare', least: 1.4 },
  { of: ['echo', 'p99 of an answer'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['echo-guarded', ...messages], contestant: 'kit', to: 'bare', least: 1 },
  { of: ['echo-4', ...messages], contestant: 'kit', to: 'bare', least: 1.2 },
  { of: ['echo-4', 'p99 of an answer'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['echo-1', ...messages], contestant: 'kit', to: 'bare', least: 0.97 },
  { of: ['echo-1', 'p99 of an answer'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['connects', ...connects], contestant: 'kit', to: 'bare', least: 0.97 },
  { of: ['connects-by-default', ...connects], contestant: 'kit', to: 'bare', least: 0.97 },
  { of: ['broadcast-1000', ...deliveries], contestant: 'kit', to: 'bare', least: 1 },
  { of: ['broadcast-many-1000', ...deliveries], contestant: 'kit', to: 'bare', least: 1.05 },
  { of: ['broadcast-10000', ...deliveries], contestant: 'kit', to: 'bare', least: 1 },
  { of: ['broadcast-many-10000', ...deliveries], contestant: 'kit', to: 'bare', least: 1.05 },
  { of: ['heap', '1 handler'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['heap', '20 handlers'], contestant: 'kit', to: 'bare', most: 1 },
  { of: ['heap', '50 handlers'], contestant: 'kit', to: 'bare', most: 1 },
  ...['echo', 'echo-guarded', 'echo-4', 'echo-1', 'echo-polling'].map((name) => itself(name, ...messages)),
  ...['connects', 'connects-by-default'].map((name) => itself(name, ...connects)),
  ...['broadcast-1000', 'broadcast-many-1000', 'broadcast-10000', 'broadcast-many-10000'].map((name) =>
    itself(name, ...deliveries),
  ),
];

/** What the bench is held to: a server comes out as fast as itself. */
function itself(workload: string, metric: string, byCpu: string): Goal {
  return { of: [workload, metric, byCpu], contestant: 'again', to: 'bare', least: 0.97, most: 1.03 };
}

/** What the kit is held to, and where it stands, in Markdown. What a run has not measured is left out. */
export function goalsOf({ workloads }: BenchResult): Promise<string> {
  const rows = goals.flatMap(({ of: [name, metric, byCpu], contestant, to, least, most }) => {
    const workload = workloads.find((one) => one.name === name);
    const ratioOf = (which: string | undefined): Spread | undefined =>
      workload?.metrics.find((one) => one.name === which)?.standings[contestant]?.to[to];
    const [measured, cpu] = [ratioOf(metric), ratioOf(byCpu)];
    if (!workload || !measured) return [];
    const verdict = (ratio: Spread): string => {
      const isHeld = ratio.median >= (least ?? 0) && ratio.median <= (most ?? Infinity);
      return `${spread(ratio)} ${isHeld ? '✓' : '✗'}`;
    };
    const parts = [least && `${figure(least)} or more`, most && `${figure(most)} or less`];
    const cells = [
      `${workload.title}: ${metric}, ${titleOf(contestant)} to ${titleOf(to)}`,
      parts.filter(Boolean).join(', '),
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
