/** A client's event that the server refused. */
export interface Refusal {
  readonly client: string;
  readonly event: string;
  /** The `seq` of its timeline entry. */
  readonly entry: number;
  /** What was thrown, or that there is no handler; for readers. */
  readonly reason: string;
  /** What refused it, for readers, if that is known. */
  readonly by?: string | undefined;
  /** Whether an exception filter of the app handled it before it was recorded. */
  readonly isFiltered: boolean;
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
  /** When, see `nextMoment`. */
  readonly moment: number;
}
