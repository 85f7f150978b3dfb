import type { ContestantName } from '../contestants/contestants.js';
import { withPairs, type Pair, type PairOptions } from './pair.js';

/**
 * Measures contestants that are all alive at once, and then again with new processes of each: how V8 happens to
 * optimize a process makes more of a difference than anything that changes while it runs.
 */
export async function overGenerations<Measured>(
  names: readonly ContestantName[],
  { generations, ...options }: PairOptions & { generations: number },
  measure: (pairs: Pair[]) => Promise<Map<ContestantName, Measured[]>>,
): Promise<Map<ContestantName, Measured[]>> {
  const all = new Map<ContestantName, Measured[]>();
  for (let generation = 0; generation < generations; generation += 1) {
    const inOrder = generation % 2 === 0 ? names : names.toReversed();
    const measured = await withPairs(inOrder, options, measure);
    for (const name of names) all.set(name, [...(all.get(name) ?? []), ...measured.get(name)!]);
  }
  return all;
}
