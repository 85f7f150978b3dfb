/**
 * Spreads work over the turns of the event loop: what comes all at once is done a few at a time, so that whatever else
 * there is to do is done between.
 */
export class PerTurnQueue {
  private readonly waiting: (() => void)[] = [];
  private isScheduled = false;

  /** @param perTurn how many are done in one turn of the event loop */
  constructor(private readonly perTurn: number) {}

  add(work: () => void): void {
    this.waiting.push(work);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      for (const work of this.waiting.splice(0, this.perTurn)) work();
      this.schedule();
    });
  }
}
