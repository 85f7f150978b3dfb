export { expect } from './matchers.js';
export { realtimeTest, type RealtimeFixtures, type RealtimeTestOptions } from './realtime-test.js';
