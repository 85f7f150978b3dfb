import type { HistoryEntry } from './entry.js';
import type { RecordedHistory } from './recorded.js';

/** A place in a history where a guarantee does not hold. */
export interface Violation {
  /** What is wrong, in one sentence: `bob got 'alice#7' twice`. */
  readonly sentence: string;
  /** The entries that show it, in any order; `undefined` ones are left out. */
  readonly entries: readonly (HistoryEntry | undefined)[];
}

/** A promise of the app about its messages. */
export interface Guarantee {
  readonly name: string;
  /** Returns a violation, if there is one. It must not change the history. */
  violationIn(history: RecordedHistory): Violation | undefined;
}
