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

/** What `startTestApp` hands over to the app that it has started. */
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
  /** Whether the app says of itself that it has nothing to do. */
  idle: readonly ((app: App) => boolean | Promise<boolean>)[];
  /** Aborts every wait. */
  signal?: AbortSignal;
  /** Of a cluster, what its nodes have in common. */
  cluster?: ClusterView;
  errorLogs: 'allow' | 'fail';
  refusals: 'allow' | 'fail';
  strict: StrictOptions;
  /** What is left to do when the app is closed. */
  release(): void;
}

/** What is seen from every node of a cluster alike. */
export interface ClusterView {
  scene: Scene;
  everyone(): readonly TestClient[];
  errors(): readonly LogEntry[];
  /** Resolves when the nodes that are open no longer count those that have been closed. */
  forgetClosed(): Promise<void>;
}
