import type { INestApplication } from '@nestjs/common';
import type { ConnectOptions } from '../client/connect-options.js';
import type { Receiver } from '../client/receiver.js';
import type { TestClient } from '../client/test-client.js';
import type { History } from '../history/history.js';
import type { LogEntry } from '../model/log-entry.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { ServerObserver } from '../observer/server-observer.js';
import type { Activity } from '../settle/activity.js';
import type { Scene } from '../settle/settle.js';
import type { Recorder, Timeline } from '../timeline/timeline.js';

/** The options that an app needs until it is closed. */
export interface AppOptions<App = never> {
  /** Defaults for every `connect()`. */
  client?: ConnectOptions;
  /**
   * Whether `close()` fails when the app logs an entry of level `error` or `fatal` that the test does not declare as
   * expected. To declare it, call `app.logs.allowErrors()`, or assert it:
   * `expect(app).toHaveLogged('…', { level: 'error' })`.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  errorLogs?: 'allow' | 'fail';
  /**
   * Whether `close()` fails when the server refuses a client's event and the test does not declare that as expected.
   * The server refuses an event when a guard, a pipe, a handler or a middleware fails, or when there is no handler.
   * To declare a refusal, assert it, read its ack or `exception`, or call `app.allowRefusals()`.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  refusals?: 'allow' | 'fail';
  /**
   * Whether `close()`, and with the fixtures each test, fails on unread events, missing acks and clients that are still
   * connected.
   *
   * @default false
   */
  strict?: boolean | StrictOptions;
  /** Aborts every wait of the app and of its clients. */
  signal?: AbortSignal;
  /**
   * Whether `settle()` and negative assertions ignore streams that are still open, such as Observables.
   *
   * @default false
   */
  ignoreOpenStreams?: boolean;
  /**
   * Whether `settle()` and negative assertions also wait for timers that handlers, hooks, HTTP requests and the code
   * that they start do not await: `setTimeout`, also that of `node:timers/promises`. Nested timers count, and so do the
   * promises that continue when a timer fires.
   *
   * Four kinds of timers do not count: those that call `unref()` at once or have `{ ref: false }`; those of a faked
   * clock, which fire when the test advances it; those that the app starts on its own; and those of the transport
   * (Engine.IO, ws, Socket.IO's adapters, Redis clients). An interval counts until it is cleared. If it is never
   * cleared, `settle()` times out and names it.
   *
   * @default false
   */
  awaitTimers?: boolean;
  /**
   * Functions that return `true` when the app has nothing to do, for work that the harness cannot see: a queue, a
   * scheduler, a message consumer. `settle()` and negative assertions call them until all return `true`.
   *
   * @example
   * ```ts
   * startTestApp(AppModule, { idle: [(app) => app.get(JobQueue).isEmpty()] });
   * ```
   * @default none
   */
  idle?: readonly ((app: App) => boolean | Promise<boolean>)[];
}

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
  options: AppOptions<App>;
  /** What the nodes of a cluster share. */
  cluster?: ClusterView;
  /** Its index in the cluster. */
  node?: number;
  /** Ends the observers and writes the coverage. Called when the app is closed. */
  release(): void;
}

/** The view of a cluster that all its nodes share. */
export interface ClusterView {
  scene: Scene;
  timeline: Timeline;
  history: History;
  everyone(): readonly TestClient[];
  receivers(): readonly Receiver[];
  /** The names of the clients and crowds that belong to no node, but may be on any of them. */
  spread(): ReadonlySet<string>;
  errors(): readonly LogEntry[];
  /** Resolves when the open nodes no longer count the closed ones. */
  forgetClosed(): Promise<void>;
}

/** What strict mode checks. Checks that are left out are off. */
export interface StrictOptions {
  /** Events that no assertion and no `next()` has read. */
  unreadEvents?: boolean;
  /** Events whose ack has not arrived. */
  pendingAcks?: boolean;
  /** Clients that the test has not disconnected. */
  openClients?: boolean;
}

export function resolveStrict(strict: boolean | StrictOptions = false): StrictOptions {
  if (typeof strict === 'object') return strict;
  return { unreadEvents: strict, pendingAcks: strict, openClients: strict };
}
