export { RealtimeReporter as default, type RealtimeReporterOptions } from './realtime-reporter.js';
