import type { ClientObserver } from '../observer/server-end.js';
import type { Details } from '../report/format.js';
import type { LogEntry } from '../model/log-entry.js';
import type { Activity } from '../settle/activity.js';
import type { SettleOptions } from '../settle/settle.js';
import type { Recorder, Timeline } from '../timeline/timeline.js';
import type { Receiver } from './receiver.js';
import type { WitnessFor } from './witness.js';

/** What a client and the assertions about it need of the app that it is connected to. */
export interface ClientContext<Client> {
  readonly activity: Activity;
  readonly timeline: Timeline;
  readonly record: Recorder;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
  /** Every client of the test, including disconnected and refused ones. */
  everyone(): readonly Client[];
  /** The same, with each client of the crowds. */
  receivers(): readonly Receiver[];
  /** What happened before this time belongs to earlier tests. In milliseconds of `performance.now()`. */
  readonly since: () => number;
  /** What the server logged at level `error` or `fatal`. */
  errors(): readonly LogEntry[];
  settle(options: SettleOptions): Promise<void>;
  readonly observer: ClientObserver;
  readonly witnessFor: WitnessFor;
  /** Facts that may explain why a client did not receive an event, for the text of a failure. */
  explain(client: Client, event?: string): Details;
}

/** What a client's connection needs of it. */
export type ConnectionContext = Pick<
  ClientContext<unknown>,
  'activity' | 'observer' | 'record' | 'timeline' | 'witnessFor'
>;
