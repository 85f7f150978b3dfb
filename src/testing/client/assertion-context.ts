import type { LogCapture } from '../observer/log-capture.js';
import type { ServerObserver } from '../observer/server-observer.js';
import type { Details } from '../report/format.js';
import type { LogEntry } from '../model/log-entry.js';
import type { Activity } from '../settle/activity.js';
import type { SettleOptions } from '../settle/settle.js';
import type { Recorder, Timeline } from '../timeline/timeline.js';

/** Where assertions are made: an app, or a cluster of them, as far as they need it. */
export interface AssertionContext<Client> {
  readonly activity: Activity;
  readonly timeline: Timeline;
  readonly record: Recorder;
  /** Aborts every wait. */
  readonly signal?: AbortSignal;
  /** Every client that `connect()` has opened, the disconnected ones too, in the order in which they came. */
  everyone(): readonly Client[];
  /** From when on things happen that the test may be about, in milliseconds of `performance.now()`. */
  readonly since: () => number;
  /** Why the server refused the event of this entry of the timeline, where it did. */
  refusalOf(entry: number): string | undefined;
  /** What the server logged at error level. */
  errors(): readonly LogEntry[];
  settle(options: SettleOptions): Promise<void>;
}

/** What a client needs of the app that it is connected to. */
export interface ClientContext<Client> extends AssertionContext<Client> {
  readonly observer: ServerObserver;
  readonly logs: LogCapture;
  /** What is known that may explain why something did not come to a client, for a failure's text. */
  explain(client: Client, event?: string): Details;
}

/** The same, as far as a client's connection needs it. */
export type LinkContext = Pick<ClientContext<unknown>, 'activity' | 'observer' | 'record' | 'timeline'>;
