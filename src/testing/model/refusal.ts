/** An event of a client's that the server has not carried out. */
export interface Refusal {
  readonly client: string;
  readonly event: string;
  /** The `seq` of the timeline's entry for it. */
  readonly entry: number;
  /** What was thrown, or that there is no handler; for readers. */
  readonly reason: string;
  /** Who has refused it, for readers; where that is known. */
  readonly by?: string | undefined;
  /** Whether an exception filter of the app's has dealt with it before it was known here. */
  readonly isFiltered: boolean;
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
  /** When, see `nextMoment`. */
  readonly moment: number;
}
