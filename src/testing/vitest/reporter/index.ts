export { type CoverageReporterOptions } from './coverage-reporter.js';
export { RealtimeReporter as default, type RealtimeReporterOptions } from './realtime-reporter.js';
