/**
 * Spreads work over the turns of the event loop: what comes all at once is done a few at a time, so that whatever else
 * there is to do is done between.
 */
export class PerTurnQueue {
  private readonly waiting: (() => void)[] = [];
  private left: number;
  private isScheduled = false;

  /**
   * @param perTurn how many are done in one turn of the event loop
   * @param maxWaiting how many may wait
   */
  constructor(
    private readonly perTurn: number,
    private readonly maxWaiting: number,
  ) {
    this.left = perTurn;
  }

  /**
   * Does the work, at once where it can be.
   *
   * @returns false when too many wait for their turn: it is not done
   */
  run(work: () => void): boolean {
    if (this.waiting.length >= this.maxWaiting) return false;
    if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(this.nextTurn);
    }
    if (this.left > 0) {
      this.left -= 1;
      work();
    } else {
      this.waiting.push(work);
    }
    return true;
  }

  private readonly nextTurn = (): void => {
    this.left = this.perTurn;
    if (this.waiting.length === 0) {
      this.isScheduled = false;
      return;
    }
    setImmediate(this.nextTurn);
    const due = this.waiting.splice(0, this.perTurn);
    this.left -= due.length;
    for (const work of due) work();
  };
}
