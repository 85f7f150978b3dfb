import { contestants, type ContestantName } from '../contestants/contestants.js';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { withPairs } from './pair.js';
import type { Settings } from './settings.js';
import { baselines } from './showings.js';

const HANDLERS = [1, 20, 50];
const STEPS = 4;
const KIB = 1024;

/** What an idle connection keeps in the heap: how much it grows by from some connections to twice as many. */
export async function heap(settings: Settings): Promise<WorkloadResult[]> {
  const few = settings.isLong ? 5_000 : 2_500;
  const metrics = [];
  for (const handlers of HANDLERS) {
    const samples = new Map<string, number[]>();
    for (const name of settings.contestants) {
      if (contestants[name].wire === 'ws' && handlers > 1) continue; // it has none
      const growth = await growthOf(name, { handlers, few, addresses: settings.addresses });
      samples.set(name, growth);
    }
    const name = handlers === 1 ? '1 handler' : `${handlers} handlers`;
    metrics.push(metricOf({ name, unit: 'KiB', better: 'less' }, samples, baselines));
  }
  const [from, to] = [few, 2 * few].map((count) => count.toLocaleString('en'));
  return [
    {
      name: 'heap',
      title: 'Heap per idle connection',
      how: `after forced collections, from ${from} to ${to} connections in ${STEPS} steps`,
      rounds: STEPS,
      metrics,
    },
  ];
}

/** KiB per connection, for each step. */
function growthOf(
  name: ContestantName,
  { handlers, few, addresses }: { handlers: number; few: number; addresses: number },
): Promise<number[]> {
  return withPairs([name], { handlers, addresses, connections: few }, async ([pair]) => {
    const { server, load } = pair!;
    const step = few / STEPS;
    const growth: number[] = [];
    let before = await server.ask('heapInUse');
    for (let connections = few + step; connections <= 2 * few; connections += step) {
      await load.ask('grow', connections);
      const after = await server.ask('heapInUse');
      growth.push((after - before) / step / KIB);
      before = after;
    }
    return growth;
  });
}
