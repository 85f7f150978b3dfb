export { expect } from './matchers.js';
export { realtimeTest, type RealtimeFixtures, type RealtimeTestOptions } from './realtime-test.js';
// TypeScript names the types of an exported `test` through the entry point that its file imports.
export type * from '../index.js';
