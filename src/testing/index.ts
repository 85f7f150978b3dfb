export { startTestApp, type AppModule, type TestAppOptions } from './app/start-test-app.js';
export { startTestCluster, type TestCluster, type TestClusterOptions } from './app/start-test-cluster.js';
export { type TestApp } from './app/test-app.js';
export { type ConnectOptions, type EventsMap, type TestClient } from './app/test-client.js';
export { type SettleOptions } from './settle/settle.js';
export { type LogCapture, type LogEntry } from './observer/log-capture.js';
export { type Work } from './settle/activity.js';
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
