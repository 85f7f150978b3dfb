/**
 * Runs each task once per round, in alternating order, so that whatever changes on the machine meanwhile
 * meets them all. The first rounds, which warm up, do not count.
 */
export async function inTurns<Name extends string, Result>(
  tasks: ReadonlyMap<Name, () => Promise<Result>>,
  { rounds, warmUps = 1 }: { rounds: number; warmUps?: number },
): Promise<Map<Name, Result[]>> {
  const results = new Map([...tasks.keys()].map((name): [Name, Result[]] => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    const inOrder = [...tasks];
    for (const [name, task] of round % 2 === 0 ? inOrder : inOrder.toReversed()) {
      const result = await task();
      if (round >= 0) results.get(name)!.push(result);
    }
  }
  return results;
}
