import { contestants, type ContestantName, type TeamName } from '../contestants/contestants.js';
import type { ServerQuestions } from '../contestants/server.js';
import type { Done, LoadQuestions } from '../load/generator.js';
import { Child } from '../processes/child.js';
import type { Core } from '../processes/pinning.js';
import type { Busy } from '../results/result.js';

const server = new URL('../contestants/server.js', import.meta.url);
export const generator = new URL('../load/generator.js', import.meta.url);

/** A contestant that listens, and the load that is put on it. */
export interface Pair {
  name: ContestantName;
  server: Child<ServerQuestions>;
  load: Child<LoadQuestions>;
}

export interface PairOptions {
  handlers: number;
  /** How many are open when it begins. */
  connections: number;
  /** How many addresses they come from. */
  addresses: number;
}

/** How a contestant bore a load. */
export interface Showing {
  /** Per second. */
  rate: number;
  /** Microseconds of the server's CPU for each. */
  cpu: number;
  latency?: Done['latency'];
  busy: Busy;
}

/** Boots a contestant. Returns the port that it listens on, and the milliseconds of CPU that it took. */
export async function startServer(
  name: ContestantName | TeamName,
  handlers: number,
  core: Core = 'servers',
): Promise<{ child: Child<ServerQuestions>; port: number; cpu: number }> {
  const child = new Child<ServerQuestions>(server, { core });
  try {
    return { child, ...(await child.ask('boot', { name, handlers })) };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Runs something with contestants that are all alive at once. */
export async function withPairs<Result>(
  names: readonly ContestantName[],
  options: PairOptions,
  run: (pairs: Pair[]) => Promise<Result>,
): Promise<Result> {
  const pairs: Pair[] = [];
  try {
    for (const name of names) pairs.push(await startPair(name, options));
    for (const { load } of pairs) await load.ask('grow', options.connections);
    return await run(pairs);
  } finally {
    await Promise.all(pairs.flatMap(({ server: one, load }) => [one.stop(), load.stop()]));
  }
}

/** Puts a load on a contestant. */
export async function bear({ server: one }: Pair, load: () => Promise<Done>): Promise<Showing> {
  const before = await one.ask('usage');
  const { count, milliseconds, cpu, latency } = await load();
  const after = await one.ask('usage');
  const used = after.cpu - before.cpu;
  return {
    rate: (count / milliseconds) * 1000,
    cpu: (used / count) * 1000,
    latency,
    busy: {
      server: used / milliseconds,
      waiting: (after.waited - before.waited) / milliseconds,
      load: cpu / milliseconds,
    },
  };
}

async function startPair(name: ContestantName, { handlers, addresses }: PairOptions): Promise<Pair> {
  const { child, port } = await startServer(name, handlers);
  const args = [String(port), contestants[name].wire, String(addresses)];
  return { name, server: child, load: new Child<LoadQuestions>(generator, { core: 'load', args }) };
}
