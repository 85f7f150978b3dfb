export { startTestApp, type AppModule, type TestAppOptions } from './start-test-app.js';
export { startTestCluster, type TestCluster, type TestClusterOptions } from './start-test-cluster.js';
export { type TestApp } from './test-app.js';
export { type ConnectOptions, type EventsMap, type TestClient } from './test-client.js';
export { type SettleOptions } from './settle.js';
export { type LogCapture, type LogEntry } from './log-capture.js';
export { type Work } from './activity.js';
export {
  AppStartError,
  ClientGoneError,
  ConnectionRefusedError,
  DeadlineError,
  HookError,
  LeftoverClientError,
  type RefusalStage,
  SettleTimeoutError,
  TeardownError,
} from './errors.js';
