/**
 * Spreads work over the turns of the event loop: what comes all at once is done a few at a time, so that whatever else
 * there is to do is done between.
 *
 * @param count how many are done in one turn of the event loop
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
