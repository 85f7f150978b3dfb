/**
 * Spreads work over the turns of the event loop. Work that arrives all at once is done a few items at a time, so that
 * other work runs in between.
 *
 * @param count how many items run in one turn of the event loop
 * @returns the function that adds work
 */
export function perTurn(count: number): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  const run = (): void => {
    const due = waiting.splice(0, count);
    if (waiting.length > 0) setImmediate(run);
    for (const work of due) work();
  };
  return (work) => {
    if (waiting.push(work) === 1) setImmediate(run);
  };
}
