/** Things that come due, each the same time after it was added. One timer for all, which keeps no process alive. */
export class DueQueue<T> {
  /** When each comes due; the oldest is the first. */
  private readonly times = new Map<T, number>();
  private isArmed = false;

  /** @param delay in milliseconds */
  constructor(
    private readonly delay: number,
    private readonly onDue: (item: T) => void,
  ) {}

  get oldest(): T | undefined {
    return this.times.keys().next().value;
  }

  /** What is there already comes due when it was to. */
  add(item: T): void {
    if (this.times.has(item)) return;
    this.times.set(item, performance.now() + this.delay);
    if (!this.isArmed) this.arm(this.delay);
  }

  delete(item: T): void {
    this.times.delete(item);
  }

  private arm(delay: number): void {
    this.isArmed = true;
    setTimeout(this.onTimer, delay).unref();
  }

  /** After the process was busy, what has arrived meanwhile is taken in first: it may be just what was waited for. */
  private readonly onTimer = (): void => {
    // Not off the event loop: it would wait for the next event, whenever that comes.
    setImmediate(this.takeDue);
  };

  private readonly takeDue = (): void => {
    this.isArmed = false;
    const now = performance.now();
    for (const [item, time] of this.times) {
      if (time > now) {
        this.arm(Math.ceil(time - now));
        return;
      }
      this.times.delete(item);
      this.onDue(item);
    }
  };
}
