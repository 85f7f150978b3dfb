import type { ContestantName } from '../contestants/contestants.js';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { bear, withPairs, type Pair } from './pair.js';
import type { Settings } from './settings.js';
import { baselines } from './showings.js';

/** Each connection is an open file, of which a process often may have 20,000. */
const SIZES = [1_000, 3_000, 10_000, 18_000];
const SIZE_WHEN_LONG = 30_000;
const CONTESTANTS = new Set<ContestantName>(['bare', 'nest', 'kit']);
const IN_FLIGHT = 3;
/** How long broadcasts to all are begun, in milliseconds. */
const BROADCASTING = 400;
const KIB = 1024;

/** What one of something costs at a size. */
interface Costs {
  /** Microseconds of CPU for each connect, from the size before. */
  connect: number;
  /** KiB of heap for each connection. */
  heap: number;
  /** Microseconds of CPU for each receiver of a broadcast. */
  delivery: number;
}

/** What a connection, its connect and a broadcast to it cost as there are more and more of them. */
export async function growth(settings: Settings): Promise<WorkloadResult[]> {
  const names = settings.contestants.filter((name) => CONTESTANTS.has(name));
  const sizes = settings.isLong ? [...SIZES, SIZE_WHEN_LONG] : SIZES;
  const bySize = new Map(sizes.map((size) => [size, new Map(names.map((name): [string, Costs[]] => [name, []]))]));
  for (let generation = 0; generation < settings.generations; generation += 1) {
    for (const name of generation % 2 === 0 ? names : names.toReversed()) {
      const costs = await withPairs([name], { ...settings, connections: 0 }, ([pair]) => grow(pair!, sizes));
      for (const [size, cost] of costs) bySize.get(size)!.get(name)!.push(cost);
    }
  }
  return [...bySize].map(([size, costs]) => resultOf(size, costs, settings.generations));
}

async function grow({ name, server, load }: Pair, sizes: readonly number[]): Promise<Map<number, Costs>> {
  const costs = new Map<number, Costs>();
  const empty = await server.ask('heapInUse');
  const broadcast = { event: 'publish', each: 1, inFlight: IN_FLIGHT, milliseconds: BROADCASTING };
  for (const size of sizes) {
    const pair = { name, server, load };
    const { cpu: connect } = await bear(pair, () => load.ask('grow', size));
    const heap = ((await server.ask('heapInUse')) - empty) / size / KIB;
    const { cpu: delivery } = await bear(pair, () => load.ask('broadcast', broadcast));
    costs.set(size, { connect, heap, delivery });
  }
  return costs;
}

function resultOf(size: number, costs: ReadonlyMap<string, readonly Costs[]>, rounds: number): WorkloadResult {
  const metric = (name: string, unit: string, of: keyof Costs): WorkloadResult['metrics'][number] => {
    const samples = new Map([...costs].map(([contestant, all]) => [contestant, all.map((cost) => cost[of])]));
    return metricOf({ name, unit, better: 'less' }, samples, baselines);
  };
  return {
    name: `growth-${size}`,
    title: `With ${size.toLocaleString('en')} connections`,
    how: 'by websocket, in a process that began without any; a broadcast goes to all of them',
    size,
    rounds,
    metrics: [
      metric('CPU per connect', 'µs', 'connect'),
      metric('heap per connection', 'KiB', 'heap'),
      metric('CPU per delivery', 'µs', 'delivery'),
    ],
  };
}
