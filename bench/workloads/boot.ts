import type { ContestantName } from '../contestants/contestants.js';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { inTurns } from './in-turns.js';
import { startServer } from './pair.js';
import type { Settings } from './settings.js';
import { baselines } from './showings.js';

const MOST_ROUNDS = 11;

/** From the start of a process until it listens. */
export async function boot(settings: Settings): Promise<WorkloadResult[]> {
  const { handlers } = settings;
  const rounds = Math.min(settings.generations * settings.rounds, MOST_ROUNDS);
  const tasks = settings.contestants.map((name) => [name, () => bootOnce(name, handlers)] as const);
  const turns = await inTurns(new Map(tasks), { rounds });
  const each = (of: 'milliseconds' | 'cpu'): Map<string, number[]> =>
    new Map([...turns].map(([name, all]) => [name, all.map((turn) => turn[of])]));
  return [
    {
      name: 'boot',
      title: 'Boot',
      how: `from the start of the process until it listens, ${handlers} handlers`,
      rounds,
      metrics: [
        metricOf({ name: 'until it listens', unit: 'ms', better: 'less' }, each('milliseconds'), baselines),
        metricOf({ name: 'CPU', unit: 'ms', better: 'less' }, each('cpu'), baselines),
      ],
    },
  ];
}

async function bootOnce(name: ContestantName, handlers: number): Promise<{ milliseconds: number; cpu: number }> {
  const start = performance.now();
  const { child, cpu } = await startServer(name, handlers);
  const milliseconds = performance.now() - start;
  await child.stop();
  return { milliseconds, cpu };
}
