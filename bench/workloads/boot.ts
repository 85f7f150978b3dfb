import type { ContestantName } from '../contestants/contestants.js';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { inTurns } from './in-turns.js';
import { startServer, unlessUnsupported } from './pair.js';
import type { Settings } from './settings.js';
import { baselines } from './showings.js';

const MOST_ROUNDS = 11;

/** From the start of a process until it listens. */
export async function boot(settings: Settings): Promise<WorkloadResult[]> {
  const { handlers } = settings;
  const rounds = Math.min(settings.generations * settings.rounds, MOST_ROUNDS);
  const supported: ContestantName[] = [];
  for (const name of settings.contestants) if (await bootOnce(name, handlers)) supported.push(name);

  const tasks = supported.map((name) => [name, async () => (await bootOnce(name, handlers))!] as const);
  const turns = await inTurns(new Map(tasks), { rounds, warmUps: 0 });
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

async function bootOnce(
  name: ContestantName,
  handlers: number,
): Promise<{ milliseconds: number; cpu: number } | undefined> {
  const start = performance.now();
  const server = await startServer(name, handlers).catch(unlessUnsupported);
  const milliseconds = performance.now() - start;
  await server?.child.stop();
  return server && { milliseconds, cpu: server.cpu };
}
