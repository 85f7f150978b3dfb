import type { INestApplication } from '@nestjs/common';
import type { ConnectOptions } from '../client/connect-options.js';
import type { TestClient } from '../client/test-client.js';
import type { LogEntry } from '../model/log-entry.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { ServerObserver } from '../observer/server-observer.js';
import type { Activity } from '../settle/activity.js';
import type { Scene } from '../settle/settle.js';
import type { Recorder, Timeline } from '../timeline/timeline.js';
import type { StrictOptions } from './strict.js';

/** What `startTestApp` passes to the `TestApp` that it creates. */
export interface RunningApp<App = never> {
  nest: INestApplication;
  activity: Activity;
  timeline: Timeline;
  record: Recorder;
  observer: ServerObserver;
  logs: LogCapture;
  /** In milliseconds. */
  timeout: number;
  client: ConnectOptions;
  /** Default of `settle`. */
  ignoreOpenStreams: boolean;
  /** Default of `settle`. */
  awaitTimers: boolean;
  /** The checks of the option `idle`. */
  idle: readonly ((app: App) => boolean | Promise<boolean>)[];
  /** Aborts every wait. */
  signal?: AbortSignal;
  /** What the nodes of a cluster share. */
  cluster?: ClusterView;
  errorLogs: 'allow' | 'fail';
  refusals: 'allow' | 'fail';
  strict: StrictOptions;
  /** Ends the observers and writes the coverage. Called when the app is closed. */
  release(): void;
}

/** The view of a cluster that all its nodes share. */
export interface ClusterView {
  scene: Scene;
  everyone(): readonly TestClient[];
  errors(): readonly LogEntry[];
  /** Resolves when the open nodes no longer count the closed ones. */
  forgetClosed(): Promise<void>;
}
