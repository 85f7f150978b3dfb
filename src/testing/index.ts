export { startTestApp, type AppModule, type TestAppOptions } from './app/start-test-app.js';
export { startTestCluster, type TestCluster, type TestClusterOptions } from './cluster/start-test-cluster.js';
export { worlds, type World, type WorldMatrix, type WorldTransport } from './app/test-matrix.js';
export { type IdleCheck, type TestApp } from './app/test-app.js';
export { type ConnectOptions } from './client/connect-options.js';
export type * from './client/events.js';
export type * from './client/events-map.js';
export { type TestClient, type WaitOptions } from './client/test-client.js';
export { type StrictOptions } from './app/strict.js';
export { type MarkdownOptions } from './timeline/markdown.js';
export { type PrintOptions } from './timeline/text.js';
export { type Happening, type TimelineEntry } from './timeline/entry.js';
export { type Contradiction } from './timeline/kinds/test.js';
export { type Timeline } from './timeline/timeline.js';
export { type Cause } from './model/execution-context.js';
export { type SettleOptions } from './settle/settle.js';
export { type LogEntry } from './model/log-entry.js';
export { type LogCapture } from './observer/log-capture.js';
export { logStream } from './observer/log-stream.js';
export { type Work } from './model/work.js';
export {
  AppStartError,
  ClientGoneError,
  ConnectionRefusedError,
  DeadlineError,
  HookError,
  LeftoverClientError,
  LooseEndsError,
  type RefusalStage,
  SettleTimeoutError,
  TeardownError,
  UndeclaredErrorLogsError,
  UndeclaredRefusalsError,
} from './report/errors.js';
export { mergeCoverage } from './coverage/merge.js';
export { readCoverage } from './coverage/directory.js';
export { printCoverage } from './coverage/print.js';
export { coverageTotals } from './coverage/totals.js';
export { coverageShortfalls, type CoverageThreshold } from './coverage/threshold.js';
export { type Coverage } from './coverage/coverage.js';
export { assertThat, matchers } from './matchers/assert-that.js';
export { type Audience } from './matchers/audience.js';
export { type ExpectedConnection, type ExpectedDisconnection, type ExpectedRefusal } from './matchers/connections.js';
export { type ExpectedLog } from './matchers/logs.js';
export { type RealtimeMatchers } from './matchers/matchers.js';
