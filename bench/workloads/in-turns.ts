import { setTimeout } from 'node:timers/promises';
import { shuffle } from 'simple-statistics';

/** What a process has left to do after its turn, collecting garbage and compiling, is not to meet the next one. */
const PAUSE = 30;

/**
 * Runs each task once per round, so that whatever changes on the machine meanwhile meets them all. The order is drawn
 * anew for each round: nobody always follows the same one. The first rounds, which warm up, do not count.
 */
export async function inTurns<Name extends string, Result>(
  tasks: ReadonlyMap<Name, () => Promise<Result>>,
  { rounds, warmUps = 1 }: { rounds: number; warmUps?: number },
): Promise<Map<Name, Result[]>> {
  const results = new Map([...tasks.keys()].map((name): [Name, Result[]] => [name, []]));
  for (let round = -Math.ceil(warmUps); round < rounds; round += 1) {
    for (const [name, task] of shuffle([...tasks])) {
      await setTimeout(PAUSE);
      const result = await task();
      if (round >= 0) results.get(name)!.push(result);
    }
  }
  return results;
}
