import type { TestClient } from '../app/test-client.js';
import type { LogEntry } from '../observer/log-capture.js';
import type { Activity } from '../settle/activity.js';
import type { SettleOptions } from '../settle/settle.js';
import type { Recorder, Timeline } from '../timeline/timeline.js';

/** Where statements are made: an app, or a cluster of them, as far as they need it. */
export interface Stage {
  readonly activity: Activity;
  readonly timeline: Timeline;
  readonly record: Recorder;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
  /** Every client that `connect()` has opened, the disconnected ones too, in the order in which they came. */
  everyone(): readonly TestClient[];
  /** From when on things happen that the test may be about, in milliseconds of `performance.now()`. */
  readonly since: () => number;
  /** Why the server refused the event of this entry of the timeline, where it did. */
  refusalOf(entry: number): string | undefined;
  /** What the server logged at error level. */
  errors(): readonly LogEntry[];
  settle(options: SettleOptions): Promise<void>;
}
