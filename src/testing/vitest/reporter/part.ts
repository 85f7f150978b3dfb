import type { TestCase } from 'vitest/node';
import type { JobSummary } from './job-summary.js';

/** A part of the report on a test run. Its constructor gets what it needs of the run. */
export interface ReporterPart {
  /** Called with the result of each test. */
  onTestCaseResult(test: TestCase): void | Promise<void>;
  /**
   * Reports on the finished run, and forgets it: in watch mode more runs follow.
   *
   * @returns a line to print, if any
   */
  onTestRunEnd(): Promise<string | undefined>;
}

/** Where the parts write to. */
export interface Surroundings {
  /** The directory for files. */
  readonly directory: string;
  /** The summary of the GitHub job, if any. */
  readonly summary?: JobSummary;
}
